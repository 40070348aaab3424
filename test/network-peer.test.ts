import { Construct, RootConstruct } from 'constructs';
import { PUBLIC_INTERNET } from '../src/manifests/network-policy';
import { ApiServerPeer, DnsPeer, NetworkPeer } from '../src/network-peer';

const scope = new Construct(new RootConstruct('app'), 'boundary');
const tcp = (...ports: number[]) => ports.map((port) => ({ port, protocol: 'TCP' }));
const dns = (port: number) => ['TCP', 'UDP'].map((protocol) => ({ port, protocol }));
const inNamespace = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });

describe('NetworkPeer', () => {
  test('pods are chosen by namespace and labels together', () => {
    expect(NetworkPeer.pods({ namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } })._rulesFor(scope)).toEqual([
      { peer: { ...inNamespace('monitoring'), podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } } } },
    ]);
  });

  test('labels given are copied', () => {
    const labels: Record<string, string> = { app: 'a' };
    const peer = NetworkPeer.pods({ namespace: 'n', labels });
    labels.other = 'b';
    expect(peer._rulesFor(scope)[0].peer.podSelector!.matchLabels).toEqual({ app: 'a' });
  });

  test('lists given are copied', () => {
    const [except, addresses, ports] = [['10.1.0.0/16'], ['10.0.0.2/32'], [443]];
    const peers = [NetworkPeer.cidr('10.0.0.0/8', { except }), DnsPeer.cidrs(addresses), ApiServerPeer.cidrs(addresses, { ports })];
    const before = JSON.stringify(peers.map((peer) => peer._rulesFor(scope)));
    except.push('11.0.0.0/8');
    addresses.push('nonsense');
    ports.push(0);
    expect(JSON.stringify(peers.map((peer) => peer._rulesFor(scope)))).toBe(before);
  });

  test('a namespace is chosen by the label that Kubernetes sets', () => {
    expect(NetworkPeer.namespace('monitoring')._rulesFor(scope)).toEqual([{ peer: inNamespace('monitoring') }]);
  });

  test('a CIDR keeps its excepts, sorted and in canonical text', () => {
    expect(NetworkPeer.cidr('10.0.0.0/8', { except: ['10.2.0.0/16', '10.1.0.0/16', '10.2.0.0/16'] })._rulesFor(scope)).toEqual([
      { peer: { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] } } },
    ]);
    expect(NetworkPeer.cidr('2001:DB8::/32')._rulesFor(scope)).toEqual([{ peer: { ipBlock: { cidr: '2001:db8::/32' } } }]);
  });

  test('the internet has both families and no private range', () => expect(NetworkPeer.internet()._rulesFor(scope)).toEqual(PUBLIC_INTERNET));
});

describe('NetworkPeer refuses, with construct path and value', () => {
  test.each([
    ['an unusable namespace', NetworkPeer.namespace('Monitoring'), 'namespace of a network peer must be an RFC 1123 label', '"Monitoring"'],
    ['an unusable namespace of pods', NetworkPeer.pods({ namespace: '', labels: { a: 'b' } }), 'namespace of a network peer must be', '""'],
    ['no labels', NetworkPeer.pods({ namespace: 'n', labels: {} }), 'labels of a network peer are empty, allowed are one or more', 'NetworkPeer.namespace()'],
    ['a label key with a space', NetworkPeer.pods({ namespace: 'n', labels: { 'a b': 'c' } }), 'label key must be', '"a b"'],
    ['a label key with two slashes', NetworkPeer.pods({ namespace: 'n', labels: { 'a/b/c': 'd' } }), 'label key must be', '"a/b/c"'],
    ['a label key with an empty prefix', NetworkPeer.pods({ namespace: 'n', labels: { '/a': 'd' } }), 'label key must be', '"/a"'],
    ['a label key that is too long', NetworkPeer.pods({ namespace: 'n', labels: { [`x${'a'.repeat(63)}`]: 'd' } }), 'label key must be', '63'],
    ['a label value with a slash', NetworkPeer.pods({ namespace: 'n', labels: { app: 'a/b' } }), 'value of label app must be', '"a/b"'],
    ['host bits', NetworkPeer.cidr('10.0.0.1/8'), '10.0.0.1/8 has host bits set', 'the network is 10.0.0.0/8'],
    ['an except outside its CIDR', NetworkPeer.cidr('10.0.0.0/8', { except: ['11.0.0.0/16'] }), 'except 11.0.0.0/16 is not a part of 10.0.0.0/8', 'allowed'],
    ['an except that is its CIDR', NetworkPeer.cidr('10.0.0.0/8', { except: ['10.0.0.0/8'] }), 'except 10.0.0.0/8 is not a part of', 'smaller networks'],
    ['an except of another family', NetworkPeer.cidr('::/0', { except: ['10.0.0.0/8'] }), 'except 10.0.0.0/8 is IPv4', 'IPv6 networks'],
    ['an address without a prefix length', NetworkPeer.cidr('10.0.0.1'), '"10.0.0.1" needs a prefix length', 'a single address ends in /32'],
  ])('%s', (_, peer, problem, detail) => {
    const use = () => peer._rulesFor(scope);
    expect(use).toThrow(`app/boundary: ${problem}`);
    expect(use).toThrow(detail);
  });

  test('every bad except, not only the first', () => {
    expect(() => NetworkPeer.cidr('10.0.0.0/8', { except: ['11.0.0.0/16', '10.1.0.0/16', '12.0.0.0/16'] })._rulesFor(scope))
      .toThrow(/11\.0\.0\.0\/16.*; except 12\.0\.0\.0\/16/);
  });
});

describe('DnsPeer', () => {
  test('kube-dns is a pod in kube-system, both selectors in one peer', () => {
    expect(DnsPeer.kubeDns()._rulesFor(scope)).toEqual([{ peer: { ...inNamespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } } }]);
  });

  test('NodeLocal DNSCache is an address, since it runs in the network of the node', () => {
    expect(DnsPeer.nodeLocal()._rulesFor(scope)).toEqual([{ peer: { ipBlock: { cidr: '169.254.20.10/32' } } }]);
    expect(DnsPeer.nodeLocal(['169.254.25.10/32', '10.96.0.10/32'])._rulesFor(scope)).toHaveLength(2);
  });

  test('OpenShift answers on 5353', () => {
    expect(DnsPeer.openShift()._rulesFor(scope)).toEqual([{
      peer: { ...inNamespace('openshift-dns'), podSelector: { matchLabels: { 'dns.operator.openshift.io/daemonset-dns': 'default' } } },
      ports: dns(5353),
    }]);
  });

  test('resolvers have addresses of both families', () => {
    expect(DnsPeer.cidrs(['10.0.0.2/32', 'fd00::a/128'])._rulesFor(scope).map(({ peer }) => peer.ipBlock!.cidr)).toEqual(['10.0.0.2/32', 'fd00::a/128']);
  });

  test.each([
    ['no addresses', DnsPeer.cidrs([]), 'DNS peer has no CIDRs, allowed are one or more'],
    ['no node-local addresses', DnsPeer.nodeLocal([]), 'DNS peer has no CIDRs, allowed are one or more'],
    ['an address without a prefix length', DnsPeer.nodeLocal(['169.254.20.10']), '"169.254.20.10" needs a prefix length'],
    ['host bits', DnsPeer.cidrs(['10.0.0.2/24']), '10.0.0.2/24 has host bits set'],
  ])('%s are refused', (_, peer, problem) => expect(() => peer._rulesFor(scope)).toThrow(`app/boundary: ${problem}`));
});

describe('ApiServerPeer', () => {
  test('addresses are open on 443 and 6443 where nothing else is said', () => {
    expect(ApiServerPeer.cidrs(['172.18.0.2/32'])._rulesFor(scope)).toEqual([{ peer: { ipBlock: { cidr: '172.18.0.2/32' } }, ports: tcp(443, 6443) }]);
  });

  test('ports replace the usual ones', () => {
    expect(ApiServerPeer.cidrs(['10.0.0.0/28', 'fd00::/64'], { ports: [16443] })._rulesFor(scope).map(({ ports }) => ports)).toEqual([tcp(16443), tcp(16443)]);
  });

  test('under Cilium no address is open, the entity is', () => {
    expect(ApiServerPeer.cilium()._rulesFor(scope)).toEqual([]);
    expect(ApiServerPeer.cilium()._ciliumPorts).toEqual([443, 6443]);
    expect(ApiServerPeer.cilium({ ports: [6443] })._ciliumPorts).toEqual([6443]);
  });

  test('addresses need no entity', () => expect(ApiServerPeer.cidrs(['172.18.0.2/32'])._ciliumPorts).toBeUndefined());

  test.each([
    ['no addresses: the platform could not start', ApiServerPeer.cidrs([]), 'API server peer has no CIDRs, allowed are one or more'],
    ['host bits', ApiServerPeer.cidrs(['172.18.0.2/16']), '172.18.0.2/16 has host bits set, the network is 172.18.0.0/16'],
    ['an empty list of ports', ApiServerPeer.cidrs(['172.18.0.2/32'], { ports: [] }), 'ports are empty, which would open all'],
    ['port 0', ApiServerPeer.cidrs(['172.18.0.2/32'], { ports: [0] }), 'port must be a whole number from 1 to 65535, got 0'],
    ['port 65536', ApiServerPeer.cilium({ ports: [65_536] }), 'port must be a whole number from 1 to 65535, got 65536'],
    ['half a port', ApiServerPeer.cilium({ ports: [443.5] }), 'port must be a whole number from 1 to 65535, got 443.5'],
    ['overlapping ports', ApiServerPeer.cilium({ ports: [443, 6443, 443] }), 'ports must differ, got 443 more than once'],
    ['no ports under Cilium', ApiServerPeer.cilium({ ports: [] }), 'ports are empty, which would open all'],
  ])('%s is refused', (_, peer, problem) => expect(() => peer._rulesFor(scope)).toThrow(`app/boundary: ${problem}`));
});
