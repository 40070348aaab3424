import { contains, parseCidr } from '../../src/manifests/cidr';
import { PLACES, policyPorts } from '../../src/manifests/flows';
import {
  ciliumApiServerPolicy, defaultDeny, Endpoint, ipBlockPeer, namespacePeer, podsPeer, policyFor, PUBLIC_INTERNET,
} from '../../src/manifests/network-policy';
import { LABELS, NAMESPACE_NAME_LABEL } from '../../src/protocol/names';
import { PORTS } from '../../src/protocol/ports';

import { Pod, podOf, has, allows, system, endpoint, broker, egress, gateway, python, node, agent, all, ip, full, nobody, withPlaces, peersIn, portsIn } from '../helpers/topology';

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
      'allow-broker', 'allow-egress', 'allow-controller', 'allow-gateway', 'allow-operator', 'allow-retention', 'allow-store',
      'allow-session-python', 'allow-session-node', 'allow-agent',
    ]);
  });
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
