import * as fc from 'fast-check';
import type { NetworkPolicyPeer, NetworkPolicySpec } from 'kubernetes-types/networking/v1';
import { contains, formatCidr, parseCidr } from '../../src/manifests/cidr';
import { FLOWS, isRole, PLACES, policyPorts } from '../../src/manifests/flows';
import { podLabels } from '../../src/manifests/labels';
import {
  ciliumApiServerPolicy, defaultDeny, Endpoint, ipBlockPeer, namespacePeer, PeerRule, podsPeer, policyFor, PUBLIC_INTERNET, Topology,
} from '../../src/manifests/network-policy';
import { LABELS, NAMESPACE_NAME_LABEL, Role, ROLES } from '../../src/protocol/names';
import { PORTS } from '../../src/protocol/ports';

/** A pod as policies see it. */
interface Pod {
  readonly namespace: string;
  readonly labels: Record<string, string>;
}
type Party = Pod | string;

const podOf = ({ role, namespace, pool }: Endpoint): Pod => ({ namespace, labels: podLabels('p', 'runs', role, pool) });
function has(labels: Record<string, string>, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Kubernetes' meaning of a peer, for the fields we emit. A string is an address outside the cluster. */
function matches(peer: NetworkPolicyPeer, party: Party, policyNamespace: string): boolean {
  if (typeof party === 'string') {
    const within = (cidr: string) => contains(parseCidr(cidr)!, parseCidr(party)!);
    return peer.ipBlock !== undefined && within(peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some(within);
  }
  if (peer.ipBlock !== undefined) return false;
  const inNamespace = peer.namespaceSelector === undefined
    ? party.namespace === policyNamespace
    : has({ [NAMESPACE_NAME_LABEL]: party.namespace }, peer.namespaceSelector.matchLabels);
  return inNamespace && has(party.labels, peer.podSelector?.matchLabels);
}

/** One end: an absent list of rules allows nothing, an absent list inside a rule allows everything. */
function allows(endpoint: Endpoint, topology: Topology, direction: 'in' | 'out', other: Party, port: number, protocol = 'TCP'): boolean {
  const { spec } = policyFor(endpoint, topology);
  const rules = direction === 'in'
    ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
    : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
  const everyOrSome = <T>(list: readonly T[] | undefined, test: (one: T) => boolean) => list === undefined || list.length === 0 || list.some(test);
  return rules.some(({ peers, ports }) => everyOrSome(peers, (peer) => matches(peer, other, endpoint.namespace))
    && everyOrSome(ports, (open) => open.port === port && open.protocol === protocol));
}

const connects = (from: Endpoint, to: Endpoint, port: number, topology: Topology) =>
  allows(from, topology, 'out', podOf(to), port) && allows(to, topology, 'in', podOf(from), port);

const system = 'agents-system';
const endpoint = (role: Role, namespace = system, pool?: string): Endpoint => ({ role, namespace, ...(pool === undefined ? {} : { pool }) });
const broker = endpoint('broker');
const egress = endpoint('egress');
const gateway = endpoint('gateway');
const controller = endpoint('controller');
const python: Endpoint = { ...endpoint('session', 'team-a', 'python'), objectStore: [{ peer: ipBlockPeer('198.51.100.0/24') }] };
const node = endpoint('session', 'team-b', 'node');
const agent = endpoint('agent', 'team-a');
const all: Endpoint[] = [broker, egress, controller, gateway, endpoint('operator'), endpoint('store'), python, node, agent];

const ip = (cidr: string): PeerRule[] => [{ peer: ipBlockPeer(cidr) }];
const places: Topology['places'] = {
  'api-server': [{ peer: ipBlockPeer('10.96.0.1/32') }],
  'broker-callers': [{ peer: podsPeer('paddock', { app: 'controller' }) }],
  'clients': [{ peer: namespacePeer('ingress-nginx') }],
  'code-host': ip('140.82.112.0/20'),
  'dns': [{ peer: podsPeer('kube-system', { 'k8s-app': 'kube-dns' }) }, { peer: ipBlockPeer('169.254.20.10/32') }],
  'identity-provider': ip('203.0.113.0/24'),
  'internet': PUBLIC_INTERNET,
  'monitoring': [{ peer: podsPeer('monitoring', { app: 'prometheus' }) }],
};
const full: Topology = { platform: 'p', endpoints: all, places };
const nobody: Topology = { platform: 'p', endpoints: [], places: {} };
const withPlaces = (changed: Topology['places'], endpoints = all): Topology => ({ platform: 'p', endpoints, places: changed });
const peersIn = ({ ingress = [], egress: out = [] }: NetworkPolicySpec) => [...ingress.map(({ from }) => from), ...out.map(({ to }) => to)];
const portsIn = ({ ingress = [], egress: out = [] }: NetworkPolicySpec) => [...ingress, ...out].map(({ ports }) => ports);

describe('the whole matrix', () => {
  const nameOf = ({ role, pool }: Endpoint) => pool ?? role;
  const tried = [...new Set([...Object.values(PORTS), 22, 53, 80, 443, 2379, 6443, 10250, 30080])];

  test('between parts of the platform', () => {
    const found = all.flatMap((from) => all.flatMap((to) => {
      const open = tried.filter((port) => connects(from, to, port, full)).sort((a, b) => a - b);
      return open.length === 0 ? [] : [`${nameOf(from)} -> ${nameOf(to)} ${open.join(' ')}`];
    }));
    expect(found.sort()).toEqual([
      'agent -> egress 15001 15002',
      'controller -> broker 8443',
      'controller -> node 8080',
      'controller -> python 8080',
      'controller -> store 6379',
      'egress -> broker 8443',
      'gateway -> controller 8090',
      'gateway -> node 8080',
      'gateway -> python 8080',
      'gateway -> store 6379',
      'node -> egress 15001 15002',
      'operator -> broker 8443',
      'python -> egress 15001 15002',
    ]);
  });

  test('into the platform', () => {
    const outside: Record<string, Party> = {
      'client': { namespace: 'ingress-nginx', labels: {} },
      'prometheus': { namespace: 'monitoring', labels: { app: 'prometheus' } },
      'foreign controller': { namespace: 'paddock', labels: { app: 'controller' } },
      'neighbour in the namespace': { namespace: system, labels: {} },
      'stranger with a role label': { namespace: 'elsewhere', labels: podLabels('p', 'broker', 'controller') },
      'internet': '1.1.1.1/32',
      'node': '10.0.0.4/32',
    };
    const found = Object.entries(outside).flatMap(([name, party]) => all.flatMap((to) => {
      const open = tried.filter((port) => allows(to, full, 'in', party, port));
      return open.length === 0 ? [] : [`${name} -> ${nameOf(to)} ${open.join(' ')}`];
    }));
    expect(found.sort()).toEqual([
      'client -> gateway 8080',
      'foreign controller -> broker 8443',
      'prometheus -> broker 8081',
      'prometheus -> controller 8081',
      'prometheus -> egress 8081',
      'prometheus -> gateway 8081',
      'prometheus -> node 8081',
      'prometheus -> operator 8081',
      'prometheus -> python 8081',
    ]);
  });

  test('out of the platform', () => {
    const outside: Record<string, Party> = {
      'api server': '10.96.0.1/32',
      'code host': '140.82.121.4/32',
      'dns': { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
      'another kube-system pod': { namespace: 'kube-system', labels: {} },
      'fake dns': { namespace: 'team-a', labels: { 'k8s-app': 'kube-dns' } },
      'metadata': '169.254.169.254/32',
      'node': '10.0.0.4/32',
      'object store': '198.51.100.7/32',
      'internet': '1.1.1.1/32',
      'internet over IPv6': '2606:4700::1111/128',
      'node local dns': '169.254.20.10/32',
      'identity provider': '203.0.113.9/32',
    };
    const found = Object.entries(outside).flatMap(([name, party]) => all.flatMap((from) => ['TCP', 'UDP'].flatMap((protocol) => {
      const open = tried.filter((port) => allows(from, full, 'out', party, port, protocol)).sort((a, b) => a - b);
      return open.length === 0 ? [] : [`${nameOf(from)} -> ${name} ${protocol} ${open.join(' ')}`];
    })));
    const resolvers = ['broker', 'controller', 'egress', 'gateway', 'operator'];
    expect(found.sort()).toEqual([
      ...['broker', 'controller', 'egress', 'operator'].map((role) => `${role} -> api server TCP 443 6443`),
      ...resolvers.flatMap((role) => ['dns', 'node local dns'].flatMap((place) => ['TCP', 'UDP'].map((protocol) => `${role} -> ${place} ${protocol} 53`))),
      'broker -> code host TCP 443',
      'egress -> code host TCP 80 443',
      'egress -> internet TCP 80 443',
      'egress -> internet over IPv6 TCP 80 443',
      'gateway -> identity provider TCP 443',
      'python -> object store TCP 443',
    ].sort());
  });
});

describe('an empty peer list emits nothing', () => {
  test.each(PLACES)('without peers, %s leaves no rule behind', (place) => {
    const lists = Object.fromEntries(PLACES.map((name) => [name, name === place ? [] : [{ peer: namespacePeer(name) }]]));
    const endpoints = all.map((one) => ({ ...one, objectStore: lists['object-store'] }));
    const topology = withPlaces(lists, endpoints);
    const text = JSON.stringify(endpoints.map((one) => policyFor(one, topology)));
    expect(text).not.toContain(`"${place}"`);
    expect(text).not.toMatch(/"(from|to|ports)":(\[\]|null)/);
  });

  test('without any other end, a policy has no rules and still closes both directions', () => {
    expect(policyFor(broker, nobody).spec).toEqual({
      podSelector: { matchLabels: { [LABELS.role]: 'broker' } },
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  test('a peer without ports is left out: written out, it would mean every port', () => {
    const topology = withPlaces({ 'code-host': [{ peer: ipBlockPeer('140.82.112.0/20'), ports: [] }] }, [broker]);
    expect(policyFor(broker, topology).spec.egress).toBeUndefined();
  });

  test('an empty except list is not written', () => {
    expect(ipBlockPeer('140.82.112.0/20', [])).toEqual({ ipBlock: { cidr: '140.82.112.0/20' } });
  });
});

describe('default deny', () => {
  test('one policy closes every pod of a namespace in both directions', () => {
    expect(defaultDeny('p', 'team-a')).toMatchObject({
      metadata: { name: 'default-deny', namespace: 'team-a' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
  });

  test('it has no rules, not even empty ones', () => expect(Object.keys(defaultDeny('p', 'team-a').spec)).toEqual(['podSelector', 'policyTypes']));
});

describe('peers', () => {
  test('namespace and labels of a peer are one peer, so both must match', () => {
    const { spec } = policyFor(broker, withPlaces({ dns: [{ peer: podsPeer('kube-system', { 'k8s-app': 'kube-dns' }) }] }, [broker]));
    expect(spec.egress).toEqual([{
      to: [{
        namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      }],
      ports: policyPorts([53], ['TCP', 'UDP']),
    }]);
  });

  test('a peer in the same namespace names the namespace too', () => {
    for (const peer of peersIn(policyFor(broker, { ...full, places: {} }).spec).flat()) {
      expect(peer!.namespaceSelector!.matchLabels).toEqual({ [NAMESPACE_NAME_LABEL]: system });
    }
  });

  test('scrapers of another namespace get in', () => {
    expect(allows(node, full, 'in', { namespace: 'monitoring', labels: { app: 'prometheus' } }, PORTS.admin)).toBe(true);
  });

  test('other pods of the scrapers\' namespace do not', () => {
    expect(allows(node, full, 'in', { namespace: 'monitoring', labels: { app: 'grafana' } }, PORTS.admin)).toBe(false);
  });

  test('the port of a caller never widens what it may call', () => {
    const topology = withPlaces({ monitoring: [{ peer: namespacePeer('monitoring'), ports: policyPorts([1]) }] }, [broker]);
    expect(portsIn(policyFor(broker, topology).spec)).toEqual([policyPorts([PORTS.admin])]);
  });

  test('a pool reaches its own object store, another pool does not', () => {
    expect(allows(python, full, 'out', '198.51.100.7/32', 443)).toBe(true);
    expect(allows(node, full, 'out', '198.51.100.7/32', 443)).toBe(false);
  });

  test('an object store in a private network is reachable when a pool names it', () => {
    const minio: Endpoint = { ...node, objectStore: [{ peer: podsPeer('minio', { app: 'minio' }), ports: policyPorts([9000]) }] };
    expect(allows(minio, full, 'out', { namespace: 'minio', labels: { app: 'minio' } }, 9000)).toBe(true);
    expect(allows(minio, full, 'out', { namespace: 'minio', labels: { app: 'minio' } }, 443)).toBe(false);
  });
});

describe('CIDRs', () => {
  test('every except is inside its own CIDR', () => {
    for (const { peer } of PUBLIC_INTERNET) {
      const { cidr, except = [] } = peer.ipBlock!;
      expect(except.filter((part) => !contains(parseCidr(cidr)!, parseCidr(part)!))).toEqual([]);
    }
  });

  test('the internet is IPv4 and IPv6', () => expect(PUBLIC_INTERNET.map(({ peer }) => peer.ipBlock!.cidr)).toEqual(['0.0.0.0/0', '2000::/3']));

  test.each([
    '10.0.0.1/32', '172.16.0.1/32', '192.168.0.1/32', '169.254.169.254/32', '100.64.0.1/32', '127.0.0.1/32', '168.63.129.16/32',
    '::1/128', 'fd00::1/128', 'fe80::1/128', '64:ff9b::a00:1/128', '2002:a00:1::/128', 'ff02::1/128',
  ])('egress does not reach %s', (address) => expect(allows(egress, full, 'out', address, 443)).toBe(false));

  test('text of a network is canonical, so two spellings are one peer', () => {
    const topology = withPlaces({ 'code-host': [...ip('2001:DB8::/32'), ...ip('2001:db8:0::/32')] }, [broker]);
    expect(policyFor(broker, topology).spec.egress![0].to).toEqual([{ ipBlock: { cidr: '2001:db8::/32' } }]);
  });
});

describe('ports', () => {
  test('policies name the port of the pod as a number with its protocol', () => {
    for (const ports of all.flatMap((one) => portsIn(policyFor(one, full).spec))) {
      expect(ports!.every(({ port, protocol }) => typeof port === 'number' && (protocol === 'TCP' || protocol === 'UDP'))).toBe(true);
    }
  });

  test('an API server is reached on both usual ports, since policies see it after address translation', () => {
    expect([443, 6443].map((port) => allows(broker, full, 'out', '10.96.0.1/32', port))).toEqual([true, true]);
  });

  test('OpenShift\'s resolvers are reached on 5353 and not on 53', () => {
    const topology = withPlaces({ dns: [{ peer: namespacePeer('openshift-dns'), ports: policyPorts([5353], ['TCP', 'UDP']) }] });
    const resolver = { namespace: 'openshift-dns', labels: {} };
    expect([53, 5353].map((port) => allows(broker, topology, 'out', resolver, port, 'UDP'))).toEqual([false, true]);
  });
});

describe('selectors', () => {
  test('policies of different endpoints of a namespace never select the same pod', () => {
    for (const one of all) {
      const { podSelector } = policyFor(one, full).spec;
      const selected = all.filter((other) => other.namespace === one.namespace && has(podOf(other).labels, podSelector.matchLabels));
      expect(selected).toEqual([one]);
    }
  });

  test('a claimed or probing pod is still under the policy of its role', () => {
    for (const one of all) {
      const labels = Object.keys(policyFor(one, full).spec.podSelector.matchLabels!);
      expect(labels).not.toEqual(expect.arrayContaining([expect.stringMatching(/state$|serving$/)]));
    }
    expect(JSON.stringify(all.map((one) => policyFor(one, full)))).not.toMatch(new RegExp(`${LABELS.state}|${LABELS.serving}`));
  });

  test('a probe with the labels of a role reaches what the role reaches', () => {
    const probe: Pod = { namespace: system, labels: { [LABELS.role]: 'controller' } };
    expect(allows(broker, full, 'in', probe, PORTS['broker-api'])).toBe(true);
  });

  test('names come from role and pool', () => {
    expect(all.map((one) => policyFor(one, full).metadata.name)).toEqual([
      'allow-broker', 'allow-egress', 'allow-controller', 'allow-gateway', 'allow-operator', 'allow-store',
      'allow-session-python', 'allow-session-node', 'allow-agent',
    ]);
  });
});

describe('the fence port', () => {
  test('egress admits agents and workers, but none of them is let out', () => {
    for (const sender of [agent, python]) {
      expect(allows(egress, full, 'in', podOf(sender), PORTS['egress-fence'])).toBe(true);
      expect(allows(sender, full, 'out', podOf(egress), PORTS['egress-fence'])).toBe(false);
    }
  });

  test('nobody else is admitted', () => expect(allows(egress, full, 'in', podOf(controller), PORTS['egress-fence'])).toBe(false));
});

describe('Cilium', () => {
  test('the API server is an entity with ports as text', () => {
    expect(ciliumApiServerPolicy(broker, 'p', [6443])).toMatchObject({
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name: 'allow-broker-to-api-server', namespace: system },
      spec: {
        endpointSelector: { matchLabels: { [LABELS.role]: 'broker' } },
        egress: [{ toEntities: ['kube-apiserver'], toPorts: [{ ports: [{ port: '6443', protocol: 'TCP' }] }] }],
      },
    });
  });

  test.each([gateway, python, agent, endpoint('store')])('no policy for $role, which has no business with the API server', (one) => {
    expect(ciliumApiServerPolicy(one, 'p', [443])).toBeUndefined();
  });
});

describe('for any topology', () => {
  const name = fc.constantFrom('a', 'b', 'agents-system');
  const peer = fc.oneof(
    name.map(namespacePeer),
    name.map((namespace) => podsPeer(namespace, { app: 'x' })),
    fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '::/0').map((cidr) => ipBlockPeer(cidr)),
  );
  const ports = fc.constantFrom(undefined, [], policyPorts([8443]), policyPorts([5353], ['TCP', 'UDP']));
  const rules: fc.Arbitrary<PeerRule[]> = fc.array(
    fc.tuple(peer, ports).map(([one, open]) => (open === undefined ? { peer: one } : { peer: one, ports: open })), { maxLength: 3 },
  );
  const endpoints: fc.Arbitrary<Endpoint[]> = fc.uniqueArray(
    fc.record({ role: fc.constantFrom(...ROLES), namespace: name, pool: name, objectStore: rules }, { requiredKeys: ['role', 'namespace'] }),
    { selector: ({ role, namespace, pool }) => `${role}/${namespace}/${pool}`, maxLength: 8 },
  );
  const topology: fc.Arbitrary<Topology> = fc.record({
    platform: fc.constant('p'),
    endpoints,
    places: fc.record(Object.fromEntries(PLACES.map((place) => [place, rules])), { requiredKeys: [] }),
  });

  test('no list is ever empty and no field is ever undefined', () => {
    fc.assert(fc.property(topology, (one) => {
      for (const each of one.endpoints) {
        const manifest = policyFor(each, one);
        for (const list of [...peersIn(manifest.spec), ...portsIn(manifest.spec)]) expect(list!.length).toBeGreaterThan(0);
        expect(manifest.spec.ingress ?? [0]).not.toHaveLength(0);
        expect(manifest.spec.egress ?? [0]).not.toHaveLength(0);
        expect(manifest).toStrictEqual(JSON.parse(JSON.stringify(manifest)));
      }
    }));
  });

  test('whoever may send to a role is also admitted there', () => {
    fc.assert(fc.property(topology, ({ endpoints: some }) => {
      const one: Topology = { platform: 'p', endpoints: some, places: {} };
      for (const from of some) {
        for (const to of some) {
          for (const port of Object.values(PORTS)) {
            if (allows({ ...from, objectStore: [] }, one, 'out', podOf(to), port)) expect(allows(to, one, 'in', podOf(from), port)).toBe(true);
          }
        }
      }
    }));
  });

  test('whoever is admitted by a role may also send there, except to the fence', () => {
    fc.assert(fc.property(topology, ({ endpoints: some }) => {
      const one: Topology = { platform: 'p', endpoints: some, places: {} };
      for (const from of some) {
        for (const to of some) {
          for (const port of Object.values(PORTS).filter((each) => each !== PORTS['egress-fence'])) {
            if (allows(to, one, 'in', podOf(from), port)) expect(allows(from, one, 'out', podOf(to), port)).toBe(true);
          }
        }
      }
    }));
  });

  test('the order of endpoints and peers does not show', () => {
    fc.assert(fc.property(topology, (one) => {
      const reversed: Topology = {
        platform: 'p',
        endpoints: [...one.endpoints].reverse(),
        places: Object.fromEntries(Object.entries(one.places).reverse().map(([place, list]) => [place, [...list!].reverse()])),
      };
      for (const each of one.endpoints) expect(policyFor(each, reversed)).toEqual(policyFor(each, one));
    }));
  });

  test('a row without its other end is silent', () => {
    fc.assert(fc.property(fc.constantFrom(...FLOWS), (flow) => {
      const ends = [flow.from, flow.to].filter(isRole).map((role) => endpoint(role));
      const alone: Topology = { platform: 'p', endpoints: ends.slice(0, 1), places: {} };
      expect(peersIn(policyFor(ends[0], alone).spec)).toEqual([]);
    }));
  });

  test('canonical text of an address block is what was meant', () => {
    fc.assert(fc.property(fc.ipV4(), (address) => {
      expect(ipBlockPeer(`${address}/32`).ipBlock!.cidr).toBe(formatCidr(parseCidr(`${address}/32`)!));
    }));
  });
});
