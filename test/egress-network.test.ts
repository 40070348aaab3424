import { ApiObject } from 'cdk8s';
import { BrokerPolicy, EgressOptions, NetworkPeer, PostureReport, PrivateDestination, UpstreamProxy, WorkerPool } from '../src';
import { environmentOf, one, podOf, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';
import { PRIVATE_RANGES } from '../src/manifests/cidr';

/** Rules of the proxy's policy that name networks, without DNS and API server. */
function ways(egress: EgressOptions = {}, ...ports: number[][]): { cidrs: string[]; ports: number[]; excepts: string[] }[] {
  const { chart, team } = testPlatform({ egress });
  const grant = (some: number[]) => ({ namespace: team, appliesToTemplates: ['*'], egress: [{ host: 'a.example', ports: some }] });
  ports.forEach((some, index) => new BrokerPolicy(chart, `policy-${index}`, grant(some)));
  const rules: any[] = one(synth(chart), 'NetworkPolicy', 'allow-egress').spec.egress;
  return rules.filter(({ to }) => to.every(({ ipBlock }: any) => ipBlock !== undefined && ipBlock.cidr !== '192.0.2.10/32')).map(({ to, ports: open }) => ({
    cidrs: to.map(({ ipBlock }: any) => ipBlock.cidr),
    ports: open.map(({ port }: any) => port),
    excepts: to.flatMap(({ ipBlock }: any) => ipBlock.except ?? []),
  }));
}

const PROXY: UpstreamProxy = { url: 'http://proxy.corp.example:3128', peers: [NetworkPeer.cidr('10.9.0.0/24')] };
const GIT: PrivateDestination = { host: 'git.corp.example', cidr: '10.20.0.0/16' };

describe('the internet', () => {
  test('is reached on 80 and 443, without what is private', () => {
    const [{ cidrs, ports, excepts }, ...others] = ways();
    expect([cidrs, ports, others]).toEqual([['0.0.0.0/0', '2000::/3'], [80, 443], []]);
    expect(PRIVATE_RANGES.v4.filter((range) => !excepts.includes(range))).toEqual([]);
  });

  test('is reached on every port that a grant of the app names as well, each once', () => {
    expect(ways({}, [8443, 443], [22, 8443]).map(({ ports }) => ports)).toEqual([[22, 80, 443, 8443]]);
  });

  test('is reached on no further port by a grant for every port', () => {
    expect(ways({}, []).map(({ ports }) => ports)).toEqual([[80, 443]]);
  });

  test('does not contain the networks of the cluster', () => {
    expect(ways({ clusterRanges: ['8.34.0.0/16', '2600:1900::/28'] })[0].excepts).toEqual(expect.arrayContaining(['8.34.0.0/16', '2600:1900::/28']));
  });

  test('is not reached by a worker, whatever is granted', () => {
    const { chart, team } = testPlatform();
    new WorkerPool(chart, 'python', { namespace: team, image: 'example.com/python' });
    new BrokerPolicy(chart, 'policy', { namespace: team, appliesToTemplates: ['*'], egress: [{ host: 'a.example', ports: [8443] }] });
    expect(one(synth(chart), 'NetworkPolicy', 'allow-session-python').spec.egress).toEqual([{
      to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'agent-platform' } }, podSelector: { matchLabels: { 'cdk8s-agent-platform/role': 'egress' } } }],
      ports: [{ port: 15001, protocol: 'TCP' }, { port: 15002, protocol: 'TCP' }],
    }]);
  });

  test('is refused on the port of mail servers', () => {
    expect(() => ways({}, [25])).toThrow(/test\/policy-0: .*the egress grant for host 'a\.example' names port 25, to which the egress proxy connects nobody/);
  });
});

describe('a private destination', () => {
  test('is one hole in policy and proxy alike, on the ports of the internet', () => {
    expect(ways({ privateDestinations: [GIT] }, [8443])).toEqual([
      expect.objectContaining({ cidrs: ['0.0.0.0/0', '10.20.0.0/16', '2000::/3'], ports: [80, 443, 8443] }),
    ]);
    const made = synth(testPlatform({ egress: { privateDestinations: [GIT] } }).chart);
    expect(JSON.parse(one(made, 'ConfigMap', 'egress-destinations').data['destinations.json']).privateDestinations).toEqual([GIT]);
  });

  test('of IPv6 in a network of the cluster is open, and the rest of that network is not', () => {
    const [{ cidrs, excepts }] = ways({ clusterRanges: ['2600:1900::/28'], privateDestinations: [{ host: 'x.corp.example', cidr: '2600:1900:1::/48' }] });
    expect([cidrs.includes('2600:1900:1::/48'), excepts.includes('2600:1900::/28')]).toEqual([true, true]);
  });

  const at = (cidr: string) => ({ privateDestinations: [{ host: 'a.corp.example', cidr }] });
  test.each<[string, EgressOptions, RegExp]>([
    ['no network', at('10.0.0.0'), /test\/platform\/egress: privateDestinations\[0\]\.cidr: "10\.0\.0\.0" needs a prefix length/],
    ['host bits', at('10.0.0.1/8'), /privateDestinations\[0\]\.cidr: 10\.0\.0\.1\/8 has host bits set/],
    ['metadata service', at('169.254.169.254/32'), /must have no address of 169\.254\.0\.0\/16 \(link-local\), where nobody is led to, got 169\.254\.169\.254\/32/],
    ['metadata service of another cloud inside', at('100.64.0.0/10'), /must have no address of 100\.100\.100\.200\/32 \(metadata service\).* got 100\.64\.0\.0\/10; name smaller networks/],
    ['metadata service over IPv6 inside', at('fd00::/8'), /\(metadata service\)/],
    ['everything', at('0.0.0.0/0'), /must have no address of/],
    ['multicast', at('224.0.0.0/8'), /\(multicast\)/],
    ['host of no grammar', { privateDestinations: [{ host: 'Git.corp.example', cidr: '10.0.0.0/8' }] }, /privateDestinations\[0\]: host "Git\.corp\.example" must be a lower-case host name/],
    ['address for a host', { privateDestinations: [{ host: '10.20.0.1', cidr: '10.0.0.0/8' }] }, /no IP address/],
    ['Service', { privateDestinations: [{ host: 'git.team.svc.cluster.local', cidr: '10.0.0.0/8' }] }, /must be a host outside the cluster/],
    ['one in two spellings', { privateDestinations: [GIT, { ...GIT, host: 'b.corp.example' }, GIT] }, /privateDestinations\[2\] is git\.corp\.example at 10\.20\.0\.0\/16, which is there already/],
    ['range of the cluster that is none', { clusterRanges: ['10.0.0.0/33'] }, /clusterRanges\[0\]: "10\.0\.0\.0\/33" needs a prefix length/],
    ['range of the cluster twice', { clusterRanges: ['2001:db8::/32', '2001:DB8::/32'] }, /clusterRanges\[1\] is 2001:db8::\/32, which is there already/],
  ])('is refused: %s', (_what, options, message) => {
    expect(() => ways(options)).toThrow(message);
  });

  test('that leads elsewhere by a policy of the user is found by the proof', () => {
    const { chart } = testPlatform({ egress: { privateDestinations: [GIT] } });
    new ApiObject(chart, 'extra', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'extra', namespace: 'agent-platform' },
      spec: { podSelector: { matchLabels: { 'cdk8s-agent-platform/role': 'egress' } }, egress: [{ to: [{ ipBlock: { cidr: '10.21.0.0/16' } }], ports: [{ port: 443, protocol: 'TCP' }] }] },
    } as any);
    expect(() => synth(chart)).toThrow(/egress pods.* may connect to 10\.21\.0\.0.*\(agent-platform\/extra\)/);
  });
});

describe('an upstream proxy', () => {
  test('is all that is reached, on the port of its URL', () => {
    expect(ways({ upstreamProxy: PROXY }, [8443])).toEqual([{ cidrs: ['10.9.0.0/24'], ports: [3128], excepts: [] }]);
    expect(environmentOf(synth(testPlatform({ egress: { upstreamProxy: PROXY } }).chart), 'egress')).toMatchObject({ UPSTREAM_PROXY_URL: PROXY.url });
  });

  test.each<[string, Partial<UpstreamProxy>, number]>([
    ['that of plain HTTP without one in the URL', { url: 'http://proxy.corp.example' }, 80],
    ['that of the pods behind a Service', { port: 8080 }, 8080],
  ])('listens where it is said: %s', (_what, change, port) => {
    expect(ways({ upstreamProxy: { ...PROXY, ...change } }).map(({ ports }) => ports)).toEqual([[port]]);
  });

  test('may be pods, whose policies are others', () => {
    const { chart } = testPlatform({ egress: { upstreamProxy: { ...PROXY, peers: [NetworkPeer.pods({ namespace: 'proxies', labels: { app: 'squid' } })] } } });
    expect(JSON.stringify(one(synth(chart), 'NetworkPolicy', 'allow-egress').spec.egress)).toContain('"app":"squid"');
  });

  test('knows us by a file, of whose Secret nothing else is mounted', () => {
    const made = synth(testPlatform({ egress: { upstreamProxy: { ...PROXY, credentials: { name: 'proxy-login', key: 'egress' } } } }).chart);
    expect(environmentOf(made, 'egress')).toMatchObject({ UPSTREAM_PROXY_CREDENTIALS_FILE: '/etc/agent-platform/upstream-proxy/egress' });
    expect(podOf(made, 'egress').volumes).toContainEqual({ name: 'upstream-proxy', secret: { secretName: 'proxy-login', defaultMode: 0o440, items: [{ key: 'egress', path: 'egress' }] } });
  });

  const proxy = (change: Partial<UpstreamProxy>) => ({ upstreamProxy: { ...PROXY, ...change } });
  test.each<[string, EgressOptions, RegExp]>([
    ['one behind TLS', proxy({ url: 'https://proxy.corp.example' }), /upstreamProxy\.url must be http:\/\/host:port/],
    ['a path', proxy({ url: 'http://proxy.corp.example/x' }), /without user, path and query/],
    ['no URL', proxy({ url: 'proxy.corp.example:3128' }), /upstreamProxy\.url must be/],
    ['port 0', proxy({ url: 'http://proxy.corp.example:0' }), /upstreamProxy\.url must be/],
    ['a port beyond all', proxy({ port: 65_536 }), /upstreamProxy\.port must be a whole number from 1 to 65535, got 65536/],
    ['nobody', proxy({ peers: [] }), /upstreamProxy\.peers must name at least one, or nothing leaves/],
    ['metadata services among the peers', proxy({ peers: [NetworkPeer.cidr('0.0.0.0/0')] }), /test\/platform: egress\.upstreamProxy must not cover the cloud metadata address 169\.254\.169\.254\/32/],
    ['a Secret that cannot be', proxy({ credentials: { name: '', key: 'x' } }), /upstreamProxy\.credentials\.name must be/],
    ['an entry that cannot be', proxy({ credentials: { name: 'x', key: '' } }), /upstreamProxy\.credentials\.key must be/],
    ['private destinations besides', { ...proxy({}), privateDestinations: [GIT] }, /privateDestinations has no effect with upstreamProxy/],
    ['ranges of the cluster besides', { ...proxy({}), clusterRanges: ['8.34.0.0/16'] }, /clusterRanges has no effect with upstreamProxy/],
  ])('is refused: %s', (_what, options, message) => {
    expect(() => ways(options)).toThrow(message);
  });

  test('with a password in its URL is refused without showing it', () => {
    const message = () => { try { ways(proxy({ url: 'http://user:hunter2@proxy.corp.example:3128' })); } catch (error) { return String(error); } return ''; };
    expect(message()).toMatch(/belong into the Secret of credentials/);
    expect(message()).not.toContain('hunter2');
  });
});

test.each<[string, EgressOptions, string[]]>([
  ['the internet', {}, ['internet']],
  ['the internet and private destinations', { privateDestinations: [GIT] }, ['internet', 'private-destinations']],
  ['another proxy alone', { upstreamProxy: PROXY }, ['upstream-proxy']],
])('the posture report shows that the proxy leads to %s', (_what, egress, places) => {
  const { flows } = JSON.parse(new PostureReport(testPlatform({ egress }).platform).toJson());
  const leadsTo = flows.filter(({ from, rows }: any) => from.includes('egress') && rows.some(({ id }: any) => places.includes(id.replace('egress-to-', ''))));
  expect(leadsTo.map(({ to }: any) => to).sort()).toEqual(places.map((place) => `place/${place}`));
  const others = ['internet', 'private-destinations', 'upstream-proxy'].filter((place) => !places.includes(place));
  expect(JSON.stringify(flows)).not.toMatch(new RegExp(`place/(${others.join('|')})"`));
});

test('an object of the user under the name of one of the proxy is refused', () => {
  const { chart } = testPlatform();
  new ApiObject(chart, 'mine', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'egress-ca', namespace: 'agent-platform' } });
  expect(() => synth(chart)).toThrow(/Secret egress-ca: the platform has an object of this name/);
});
