import { Size, Testing } from 'cdk8s';
import { StubNamespace } from './helpers/namespace';
import { ClusterHarnessTemplate, HarnessTemplate } from '../src/harness-template';
import { HarnessTemplateProps } from '../src/harness-template-props';
import { ImagePullPolicy } from '../src/image-pull-policy';
import { TemplatePodOptions } from '../src/template-pod-options';

const AGENT = { image: 'registry.example.com/coder:1', command: ['/agent'] };

type Options = Partial<Omit<HarnessTemplateProps, 'namespace'>>;

function specOf(options: Options) {
  const chart = Testing.chart();
  new HarnessTemplate(chart, 'coder', { namespace: new StubNamespace(), ...options });
  return Testing.synth(chart)[0].spec;
}

const podOf = (pod: TemplatePodOptions) => specOf({ ...AGENT, pod }).pod;
const refusal = (pod: TemplatePodOptions, more: Options = AGENT) => () => specOf({ ...more, pod });

test('every option reaches the object', () => {
  expect(podOf({
    userName: 'node',
    userId: 1001,
    groupId: 2001,
    imagePullPolicy: ImagePullPolicy.ALWAYS,
    placement: {
      nodeSelector: { 'kubernetes.io/arch': 'arm64' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      priorityClassName: 'low',
      runtimeClassName: 'gvisor',
      imagePullSecrets: ['registry'],
    },
    homeSize: Size.mebibytes(500),
    temporarySize: Size.gibibytes(2),
    sharedDirectories: [{ name: 'cache', size: Size.gibibytes(20), storageClassName: 'nfs', mountPath: '/cache', readOnly: true }, { name: 'data' }],
  })).toEqual({
    userName: 'node',
    runAsUser: 1001,
    runAsGroup: 2001,
    imagePullPolicy: 'Always',
    nodeSelector: { 'kubernetes.io/arch': 'arm64' },
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    priorityClassName: 'low',
    runtimeClassName: 'gvisor',
    imagePullSecrets: [{ name: 'registry' }],
    homeSize: '500Mi',
    temporarySize: '2Gi',
    sharedDirectories: [{ name: 'cache', size: '20Gi', storageClass: 'nfs', mountPath: '/cache', readOnly: true }, { name: 'data' }],
  });
});

test('a template that says nothing of its pods has no field for it, so that a base template holds', () => {
  expect(specOf(AGENT)).not.toHaveProperty('pod');
  expect(podOf({ userId: 1001 })).toEqual({ runAsUser: 1001 });
});

test('a template on a base may say of its pods what it changes', () => {
  expect(specOf({ baseTemplate: ClusterHarnessTemplate.fromName('base'), pod: { userId: 1001 } })).toEqual({
    baseTemplateRef: { name: 'base' }, pod: { runAsUser: 1001 },
  });
});

describe('a template is refused', () => {
  test.each<[string, TemplatePodOptions]>([
    ['userName', { userName: 'Agent' }],
    ['userName', { userName: '../root' }],
    ['runAsUser', { userId: 0 }],
    ['runAsUser', { userId: 2_147_483_648 }],
    ['runAsGroup', { groupId: 0.5 }],
    ['nodeSelector: must have keys of labels only', { placement: { nodeSelector: { 'a b': 'c' } } }],
    ['nodeSelector', { placement: { nodeSelector: { a: 'b c' } } }],
    ['tolerations[0]: operator must be Exists where no key is named', { placement: { tolerations: [{}] } }],
    ['tolerations[0]: value may be set with the operator Equal only', { placement: { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] } }],
    ['priorityClassName', { placement: { priorityClassName: 'Low' } }],
    ['runtimeClassName', { placement: { runtimeClassName: '' } }],
    ['imagePullSecrets[0].name', { placement: { imagePullSecrets: ['a/b'] } }],
    ['homeSize: must be more than 0', { homeSize: Size.gibibytes(0) }],
    ['temporarySize: must be more than 0', { temporarySize: Size.gibibytes(0) }],
    ['sharedDirectories[0].size: must be more than 0', { sharedDirectories: [{ name: 'a', size: Size.gibibytes(0) }] }],
    ['sharedDirectories[0].name', { sharedDirectories: [{ name: 'A' }] }],
    ['sharedDirectories', { sharedDirectories: [{ name: 'a' }, { name: 'a', mountPath: '/b' }] }],
    ['sharedDirectories[0].mountPath', { sharedDirectories: [{ name: 'a', mountPath: 'a' }] }],
    ['sharedDirectories[0].storageClass', { sharedDirectories: [{ name: 'a', storageClassName: 'A' }] }],
  ])('for its %s', (what, pod) => {
    expect(refusal(pod)).toThrow(new RegExp(`test/coder: .*spec\\.pod\\.${what.replace(/[[\].]/g, '\\$&')}`));
  });

  test('for a pull secret with the name of the credentials of a run, which the operator gives to no other', () => {
    const pod = { placement: { imagePullSecrets: ['registry', 'fix-bug-broker-creds'] } };
    const message = "pod.imagePullSecrets must not end with '-broker-creds', as the Secrets with the credentials of runs do, got 'fix-bug-broker-creds'";
    expect(refusal(pod)).toThrow(`test/coder: ${message}`);
    expect(refusal(pod, { baseTemplate: ClusterHarnessTemplate.fromName('base') })).toThrow(message);
    expect(() => new ClusterHarnessTemplate(Testing.chart(), 'base', { platform: { platformName: 'platform' }, ...AGENT, pod })).toThrow(`test/base: ${message}`);
    expect(refusal({ placement: { imagePullSecrets: ['broker-creds', 'a-broker-creds-2'] } })).not.toThrow();
  });

  test('for more than 16 pull secrets', () => {
    const names = (length: number) => ({ placement: { imagePullSecrets: Array.from({ length }, (_, index) => `registry-${index}`) } });
    expect(refusal(names(17))).toThrow(/test\/coder: .*spec\.pod\.imagePullSecrets/);
    expect(refusal(names(16))).not.toThrow();
  });

  test('for a shared directory in the workspace', () => {
    expect(refusal({ sharedDirectories: [{ name: 'cache', mountPath: '/work/cache' }] }, { ...AGENT, workspace: { mountPath: '/work' } })).toThrow(
      "test/coder: the mount path of the shared directory 'cache' must neither be in that of the workspace, '/work', nor hold it, got '/work/cache'");
  });

  test.each(['/tmp', '/paddock/x', '/etc', '/etc/agent-platform/trust', '/home/agent/.cache', '/proc'])('for a workspace at %s', (mountPath) => {
    expect(() => specOf({ ...AGENT, workspace: { mountPath } })).toThrow('test/coder: the mount path of the workspace must neither be in that of');
  });

  test('for a shared directory where its base has the workspace', () => {
    const base = new ClusterHarnessTemplate(Testing.chart(), 'base', { platform: { platformName: 'platform' }, ...AGENT, workspace: { mountPath: '/src' } });
    const shared = (mountPath: string) => refusal({ sharedDirectories: [{ name: 'a', mountPath }] }, { baseTemplate: base });
    expect(shared('/src')).toThrow("in that of the workspace, '/src'");
    expect(shared('/workspace')).not.toThrow();
  });

  test('not for a path that only an unknown base could take', () => {
    const shared = (mountPath: string) => refusal({ sharedDirectories: [{ name: 'a', mountPath }] }, { baseTemplate: ClusterHarnessTemplate.fromName('base') });
    expect(shared('/workspace')).not.toThrow();
    expect(shared('/tmp/a')).toThrow("in that of temporary files, '/tmp'");
  });
});

describe('devices', () => {
  const resourcesOf = (options: Options) => specOf({ ...AGENT, ...options }).defaults.resources;

  test('stand in the limits, beside those of CPU and memory', () => {
    expect(resourcesOf({ extendedResources: { 'nvidia.com/gpu': 2 }, resources: { memory: { limit: Size.gibibytes(4) } } }))
      .toEqual({ requests: {}, limits: { 'memory': '4Gi', 'nvidia.com/gpu': '2' } });
    expect(resourcesOf({ extendedResources: { 'nvidia.com/gpu': 1 } })).toEqual({ requests: {}, limits: { 'nvidia.com/gpu': '1' } });
  });

  test.each(['cpu', 'gpu', 'requests.nvidia.com/gpu', 'nvidia.com/a b'])('are refused under the name %j', (name) => {
    expect(() => resourcesOf({ extendedResources: { [name]: 1 } })).toThrow(`extendedResources names must be like 'vendor.example/device', got '${name}'`);
  });

  test.each([-1, 0.5, 65])('are refused in the number %d', (count) => {
    expect(() => resourcesOf({ extendedResources: { 'nvidia.com/gpu': count } }))
      .toThrow(new RegExp(`test/coder: .*extendedResources\\['nvidia\\.com/gpu'\\] must be a whole number from 0 to 64, got ${count}`));
  });
});
