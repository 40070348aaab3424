import { Testing } from 'cdk8s';
import { BrokerPolicy } from '../src/broker-policy';
import { BrokerPolicyProps, RepositoryAccess, ShellPhase, ShellTarget } from '../src/broker-policy-props';
import { CredentialGrant } from '../src/credential-grant';
import { HttpMethod } from '../src/egress-grant';
import { TemplateKind } from '../src/harness-template-ref';
import { StubNamespace } from './helpers/namespace';

const SECRET = { name: 'provider', key: 'token' };
const REASON = 'needed until the migration is done';

type Options = Partial<Omit<BrokerPolicyProps, 'namespace'>>;

function synth(options: Options = {}, namespace = new StubNamespace(), id = 'coders') {
  const chart = Testing.chart();
  const policy = new BrokerPolicy(chart, id, { namespace, appliesToTemplates: ['coder'], ...options });
  return { chart, policy, namespace, manifest: Testing.synth(chart)[0] };
}

const refusal = (options: Options, id?: string) => () => synth(options, undefined, id);

test('a policy is an object of its namespace, named by its construct id', () => {
  const { manifest, policy, namespace } = synth();
  expect(manifest).toMatchObject({
    apiVersion: 'paddock.dev/v1alpha1',
    kind: 'BrokerPolicy',
    metadata: {
      name: 'coders',
      namespace: 'team-a',
      labels: { 'cdk8s-agent-platform/platform': 'platform', 'cdk8s-agent-platform/part': 'policies' },
    },
    spec: { appliesToTemplates: ['coder'], grants: {} },
  });
  expect(policy.policyName).toBe('coders');
  expect(namespace.policies).toEqual([{ name: policy.policyName, spec: policy._spec }]);
});

test('the name does not follow a renamed construct', () => {
  expect(synth({ name: 'fixed' }, undefined, 'Other').manifest.metadata.name).toBe('fixed');
});

test('every property reaches the object', () => {
  const { manifest } = synth({
    appliesToTemplates: ['code*', 'bot'],
    templateKinds: [TemplateKind.CLUSTER],
    imageDigests: [`sha256:${'0'.repeat(64)}`],
    credentials: [CredentialGrant.anthropicApi('ANTHROPIC_API_KEY', { secret: SECRET })],
    egress: [{ host: 'api.anthropic.com', ports: [443], methods: [HttpMethod.POST], paths: ['/v1/*'] }],
    repositories: [{ owner: 'acme', repo: 'app', access: RepositoryAccess.WRITE }, { owner: 'acme', repo: 'lib' }],
    interact: true,
    shell: { target: ShellTarget.AGENT, command: ['/bin/sh', '-l'], allowedPhases: [ShellPhase.RUNNING] },
    egressDiscovery: { reason: REASON, expiresAt: '2026-03-01T12:00:00Z' },
  });
  expect(manifest.spec).toEqual({
    appliesToTemplates: ['code*', 'bot'],
    templateKinds: ['ClusterHarnessTemplate'],
    imageDigests: [`sha256:${'0'.repeat(64)}`],
    grants: {
      credentials: [{ name: 'ANTHROPIC_API_KEY', provider: { kind: 'AnthropicAPI', secretRef: SECRET } }],
      egress: [{ host: 'api.anthropic.com', ports: [443], methods: ['POST'], paths: ['/v1/*'] }],
      gitRepos: [{ owner: 'acme', repo: 'app', access: 'write' }, { owner: 'acme', repo: 'lib' }],
      runs: { interact: true, shell: { target: 'agent', command: ['/bin/sh', '-l'], allowedPhases: ['Running'] } },
    },
    egressDiscovery: { accepted: true, reason: REASON, expiresAt: '2026-03-01T12:00:00Z' },
  });
});

describe('egress grants', () => {
  const hostOf = (host: string) => synth({ egress: [{ host }] }).manifest.spec.grants.egress[0].host;

  test.each(['api.example.com', '*.example.com', 'xn--bcher-kva.example'])('accept the host %j', (host) => {
    expect(hostOf(host)).toBe(host);
  });

  test.each([
    '', '*', '*.', 'API.example.com', '10.0.0.1', '::1', '[::1]', 'example.com:443', 'https://example.com', 'a.*.com', '*.*.com', '**.example.com',
    'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'broker.team.svc', 'x.svc.cluster.local', '*.cluster.local', '*.svc',
    'exa_mple.com', '-a.com', 'a-.com', 'a..com', 'a.com.', `${'a.'.repeat(127)}com`,
  ])('refuse the host %j', (host) => {
    expect(refusal({ egress: [{ host }] })).toThrow(/test\/coders: .*grants\.egress\[0\]\.host/);
  });

  test.each([-1, 65536, 1.5, NaN])('refuse the port %d', (port) => {
    expect(refusal({ egress: [{ host: 'a.example.com', ports: [port] }] })).toThrow(/test\/coders: .*grants\.egress\[0\]\.ports\[0\].*0 to 65535/);
  });

  test.each(['v1', '/a/../b', '/a b', '/a*b'])('refuse the path %j', (path) => {
    expect(refusal({ egress: [{ host: 'a.example.com', paths: [path] }] })).toThrow(/test\/coders: .*grants\.egress\[0\]\.paths\[0\]/);
  });
});

describe('a policy is refused', () => {
  test('without a template', () => {
    expect(refusal({ appliesToTemplates: [] })).toThrow(/test\/coders: .*appliesToTemplates/);
  });

  test.each(['', '[', '[a', 'code\\', ' coder'])('for the selector %j, which would silently match nothing', (selector) => {
    expect(refusal({ appliesToTemplates: [selector] })).toThrow(/test\/coders: .*appliesToTemplates\[0\]/);
  });

  test('for an image digest that is none', () => {
    expect(refusal({ imageDigests: ['sha256:abc'] })).toThrow(/test\/coders: .*imageDigests\[0\].*64 hexadecimal digits.*sha256:abc/);
  });

  test('for a repository that is granted twice', () => {
    const repository = { owner: 'acme', repo: 'app' };
    expect(refusal({ repositories: [repository, repository] })).toThrow(/test\/coders: .*gitRepos/);
  });

  test('for a shell whose program is not an absolute path', () => {
    expect(refusal({ shell: { command: ['sh'] } })).toThrow(/test\/coders: .*command.*absolute path/);
  });

  test.each(['tomorrow', '2026-13-01T00:00:00Z'])('for a discovery end %j', (expiresAt) => {
    expect(refusal({ egressDiscovery: { reason: REASON, expiresAt } })).toThrow(/test\/coders: .*expiresAt/);
  });

  test('for discovery without a real reason', () => {
    expect(refusal({ egressDiscovery: { reason: 'because', expiresAt: '2026-03-01T12:00:00Z' } })).toThrow(/test\/coders: .*reason.*20/);
  });

  test.each(['Coders', 'co_ders', '-coders', 'a..b', 'a'.repeat(254)])('under the name %j', (name) => {
    expect(refusal({ name })).toThrow(/test\/coders: name must be an RFC 1123 subdomain .*at most 253 characters.*; it is the construct id unless the prop 'name' is set/);
  });

  test('when another policy of the namespace has its name', () => {
    const chart = Testing.chart();
    const props = { namespace: new StubNamespace(), appliesToTemplates: ['*'], name: 'same' };
    new BrokerPolicy(chart, 'one', props);
    expect(() => new BrokerPolicy(chart, 'two', props)).toThrow("test/two: name 'same' is taken by the BrokerPolicy of 'test/one'");
    expect(() => new BrokerPolicy(chart, 'three', { ...props, namespace: new StubNamespace('team-b') })).not.toThrow();
  });
});

test('all problems of a policy are in one error, and nothing of it is written', () => {
  const chart = Testing.chart();
  const namespace = new StubNamespace();
  const make = () => new BrokerPolicy(chart, 'coders', {
    namespace, name: 'BAD', appliesToTemplates: ['coder'], egress: [{ host: 'localhost' }, { host: 'a.example.com', ports: [70000] }],
  });
  expect(make).toThrow(/test\/coders: name .*BAD.*; .*localhost.*; .*70000/);
  expect(Testing.synth(chart)).toEqual([]);
  expect(namespace.policies).toEqual([]);
});
