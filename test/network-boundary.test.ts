import { Chart, Testing } from 'cdk8s';
import { Endpoint, policyFor } from '../src/manifests/network-policy';
import { NetworkBoundary, NetworkBoundaryOptions } from '../src/network-boundary';
import { ApiServerPeer, DnsPeer, NetworkPeer } from '../src/network-peer';
import { LABELS } from '../src/protocol/names';
import { PORTS } from '../src/protocol/ports';

const apiServer = ApiServerPeer.cidrs(['172.18.0.2/32']);
const broker: Endpoint = { role: 'broker', namespace: 'agents-system' };
const python: Endpoint = { role: 'session', namespace: 'team-a', pool: 'python' };
const prometheus = NetworkPeer.pods({ namespace: 'monitoring', labels: { app: 'prometheus' } });

function boundaryOf(options: Partial<NetworkBoundaryOptions> = {}, ...endpoints: Endpoint[]): NetworkBoundary {
  const boundary = new NetworkBoundary(Testing.chart(), 'Network', { platform: 'p', apiServer, ...options });
  for (const endpoint of endpoints) boundary._addEndpoint(endpoint);
  return boundary;
}
const manifestsOf = (boundary: NetworkBoundary): any[] => Testing.synth(Chart.of(boundary));
const named = (boundary: NetworkBoundary, name: string) => manifestsOf(boundary).find(({ metadata }) => metadata.name === name);
const namesOf = (boundary: NetworkBoundary) => manifestsOf(boundary).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
const textOf = (options: Partial<NetworkBoundaryOptions>) => JSON.stringify(manifestsOf(boundaryOf(options, broker, python)));

describe('closing namespaces', () => {
  test('an endpoint closes its namespace for every pod', () => {
    const boundary = boundaryOf({}, broker, python);
    expect(namesOf(boundary)).toEqual([
      'agents-system/default-deny', 'agents-system/allow-broker', 'team-a/default-deny', 'team-a/allow-session-python',
    ]);
    expect(named(boundary, 'default-deny').spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });

  test('one deny policy for each namespace, however many endpoints it has', () => {
    const boundary = boundaryOf({}, python, { ...python, pool: 'node' });
    boundary._addNamespace('team-a');
    expect(namesOf(boundary).filter((name) => name === 'team-a/default-deny')).toHaveLength(1);
  });

  test('a namespace without endpoints is closed as well', () => {
    const boundary = boundaryOf();
    boundary._addNamespace('team-b');
    expect(namesOf(boundary)).toEqual(['team-b/default-deny']);
  });
});

describe('objects', () => {
  test('every one carries the labels of the platform', () => {
    for (const { metadata } of manifestsOf(boundaryOf({}, broker, python))) {
      expect(metadata.labels).toMatchObject({ [LABELS.platform]: 'p', [LABELS.part]: 'network' });
    }
  });

  test('names do not depend on construct paths', () => {
    const chart = Testing.chart();
    const renamed = new NetworkBoundary(new Chart(chart, 'Elsewhere'), 'Other', { platform: 'p', apiServer });
    renamed._addEndpoint(broker);
    expect(manifestsOf(renamed)).toEqual(manifestsOf(boundaryOf({}, broker)));
  });

  test('the namespace of the chart does not replace the namespace of an endpoint', () => {
    const chart = new Chart(Testing.app(), 'chart', { namespace: 'default' });
    new NetworkBoundary(chart, 'Network', { platform: 'p', apiServer })._addEndpoint(broker);
    expect(Testing.synth(chart).map(({ metadata }) => metadata.namespace)).toEqual(['agents-system', 'agents-system']);
  });

  test('synthesizing twice gives the same output', () => {
    const boundary = boundaryOf({ metricsFrom: [prometheus] }, broker, python);
    expect(manifestsOf(boundary)).toEqual(manifestsOf(boundary));
  });

  test('the policy is the one that the flow table gives', () => {
    const boundary = boundaryOf({ metricsFrom: [prometheus] }, broker, python);
    expect(named(boundary, 'allow-session-python')).toEqual(policyFor(python, boundary._topology()));
  });

  test('similar names of namespaces and pools do not collide', () => {
    const boundary = boundaryOf({}, { role: 'session', namespace: 'a', pool: 'session-b' }, { role: 'session', namespace: 'a-session', pool: 'b' });
    expect(namesOf(boundary)).toEqual(expect.arrayContaining(['a/allow-session-session-b', 'a-session/allow-session-b']));
  });
});

describe('what comes later', () => {
  test('a caller added later is admitted by policies made earlier', () => {
    const boundary = boundaryOf({}, broker);
    boundary._addEndpoint({ role: 'controller', namespace: 'agents-system' });
    expect(named(boundary, 'allow-broker').spec.ingress).toMatchObject([{
      from: [{ podSelector: { matchLabels: { [LABELS.role]: 'controller' } } }],
      ports: [{ port: PORTS['broker-api'], protocol: 'TCP' }],
    }]);
  });

  test('scrapers added later reach every pod', () => {
    const boundary = boundaryOf({}, broker, python);
    boundary.allowMetricsFrom(prometheus);
    for (const name of ['allow-broker', 'allow-session-python']) {
      expect(named(boundary, name).spec.ingress[0].ports).toEqual([{ port: PORTS.admin, protocol: 'TCP' }]);
    }
  });

  test('scrapers add up', () => {
    const boundary = boundaryOf({ metricsFrom: [prometheus] }, broker);
    boundary.allowMetricsFrom(NetworkPeer.namespace('observability'), prometheus);
    expect(named(boundary, 'allow-broker').spec.ingress[0].from).toHaveLength(2);
  });

  test('callers of the broker reach the broker and no worker', () => {
    const boundary = boundaryOf({}, broker, python);
    boundary.allowBrokerCallers(NetworkPeer.namespace('paddock'));
    expect(named(boundary, 'allow-broker').spec.ingress[0].ports).toEqual([{ port: PORTS['broker-api'], protocol: 'TCP' }]);
    expect(named(boundary, 'allow-session-python').spec.ingress).toBeUndefined();
  });

  test('no peers change nothing', () => {
    const boundary = boundaryOf({}, broker);
    const before = manifestsOf(boundary);
    boundary.allowMetricsFrom();
    boundary.allowBrokerCallers();
    expect(manifestsOf(boundary)).toEqual(before);
  });
});

describe('defaults', () => {
  test('nobody gets in', () => {
    for (const { spec } of manifestsOf(boundaryOf({}, broker, python))) expect(spec.ingress).toBeUndefined();
  });

  test('a worker opens no connection while there is nothing that it may reach', () => {
    expect(named(boundaryOf({}, broker, python), 'allow-session-python').spec).toEqual({
      podSelector: { matchLabels: { [LABELS.role]: 'session', [LABELS.pool]: 'python' } },
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  test('the broker reaches the API server, kube-dns and the node-local cache, nothing else', () => {
    const { egress } = named(boundaryOf({}, broker), 'allow-broker').spec;
    expect(egress.map(({ to, ports }: any) => [to.length, ports.map(({ port }: any) => port)])).toEqual([[2, [53, 53]], [1, [443, 6443]]]);
  });
});

describe('every property changes the output', () => {
  test.each<[keyof NetworkBoundaryOptions, Partial<NetworkBoundaryOptions>]>([
    ['apiServer', { apiServer: ApiServerPeer.cidrs(['172.18.0.3/32']) }],
    ['dns', { dns: [DnsPeer.openShift()] }],
    ['dns', { dns: [] }],
    ['metricsFrom', { metricsFrom: [prometheus] }],
    ['brokerCallers', { brokerCallers: [prometheus] }],
    ['codeHost', { codeHost: [NetworkPeer.internet()] }],
  ])('%s', (_, changed) => expect(textOf(changed)).not.toBe(textOf({})));

  test.each<Partial<NetworkBoundaryOptions>>([{ metricsFrom: [] }, { brokerCallers: [] }, { codeHost: [] }])('%j emits nothing', (empty) => {
    expect(textOf(empty)).toBe(textOf({}));
  });

  test('without resolvers no pod asks for names', () => expect(textOf({ dns: [] })).not.toContain('"port":53'));
});

describe('Cilium', () => {
  const cilium = (...endpoints: Endpoint[]) => boundaryOf({ apiServer: ApiServerPeer.cilium({ ports: [6443] }) }, ...endpoints);

  test('the broker gets a policy of Cilium beside the usual one', () => {
    const boundary = cilium(broker);
    expect(namesOf(boundary)).toEqual(['agents-system/default-deny', 'agents-system/allow-broker', 'agents-system/allow-broker-to-api-server']);
    expect(named(boundary, 'allow-broker-to-api-server').kind).toBe('CiliumNetworkPolicy');
  });

  test('the usual policy then names no API server', () => {
    expect(JSON.stringify(named(cilium(broker), 'allow-broker'))).not.toContain('6443');
  });

  test('workers get none', () => expect(manifestsOf(cilium(python)).map(({ kind }) => kind)).toEqual(['NetworkPolicy', 'NetworkPolicy']));
  test('without Cilium there is none', () => expect(textOf({})).not.toContain('cilium'));
});

describe('refusals name the construct, the value and what is allowed', () => {
  test.each<[string, Partial<NetworkBoundaryOptions>, string]>([
    ['host bits of the API server', { apiServer: ApiServerPeer.cidrs(['10.0.0.1/24']) }, '10.0.0.1/24 has host bits set, the network is 10.0.0.0/24'],
    ['overlapping ports', { apiServer: ApiServerPeer.cidrs(['10.0.0.1/32'], { ports: [443, 443] }) }, 'ports must differ, got 443 more than once'],
    ['an API server without address', { apiServer: ApiServerPeer.cidrs([]) }, 'API server peer has no CIDRs, allowed are one or more'],
    ['a resolver without prefix length', { dns: [DnsPeer.cidrs(['10.0.0.2'])] }, '"10.0.0.2" needs a prefix length'],
    ['a scraper outside its CIDR', { metricsFrom: [NetworkPeer.cidr('10.0.0.0/8', { except: ['192.168.0.0/16'] })] }, 'except 192.168.0.0/16 is not a part of'],
    ['a caller in no namespace', { brokerCallers: [NetworkPeer.namespace('')] }, 'namespace of a network peer must be an RFC 1123 label'],
    ['a code host by name', { codeHost: [NetworkPeer.cidr('github.com')] }, '"github.com" is not a CIDR, allowed are networks such as'],
  ])('%s', (_, options, problem) => expect(() => boundaryOf(options)).toThrow(`test/Network: ${problem}`));

  test('a platform that is no label', () => {
    expect(() => new NetworkBoundary(Testing.chart(), 'Network', { platform: 'P!', apiServer })).toThrow('test/Network: platform must be an RFC 1123 label');
  });

  test('a namespace that is no label', () => {
    expect(() => boundaryOf({}, { ...broker, namespace: 'A' })).toThrow('test/Network: namespace must be an RFC 1123 label');
  });

  test('a pool that is no label', () => {
    expect(() => boundaryOf({}, { ...python, pool: 'a.b' })).toThrow('test/Network: pool must be an RFC 1123 label');
  });

  test('the same endpoint twice', () => {
    expect(() => boundaryOf({}, python, python)).toThrow('test/Network: endpoint team-a.session.python exists already, allowed is one for each namespace, role and pool');
  });

  test('a refused endpoint leaves no policy behind', () => {
    const boundary = boundaryOf({}, broker);
    expect(() => boundary._addEndpoint({ ...python, pool: 'A' })).toThrow();
    expect(namesOf(boundary)).toEqual(['agents-system/default-deny', 'agents-system/allow-broker']);
  });

  test('a bad peer added later', () => {
    expect(() => boundaryOf().allowMetricsFrom(NetworkPeer.cidr('10.0.0.1/8'))).toThrow('test/Network: 10.0.0.1/8 has host bits set');
  });
});
