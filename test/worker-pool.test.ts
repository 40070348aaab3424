import { Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { NetworkPeer, ObjectStore, WorkerPool, WorkerPoolProps, WorkerWorkload } from '../src';
import { one, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';

function pool(props: Partial<WorkerPoolProps> = {}, id = 'python') {
  const { chart, team } = testPlatform();
  new WorkerPool(chart, id, { namespace: team, image: 'registry.example.com/python:3', ...props });
  return synth(chart);
}

test('workers have the Secrets for images of their namespace besides their own, each once', () => {
  const { chart, platform } = testPlatform();
  const namespace = platform.addNamespace('b', { imagePullSecrets: ['registry', 'platform'] });
  new WorkerPool(chart, 'python', { namespace, image: 'registry.example.com/python:3', placement: { imagePullSecrets: ['own', 'registry'] } });
  new WorkerPool(chart, 'plain', { namespace, image: 'registry.example.com/python:3' });
  const namesOf = (name: string) => one(synth(chart), 'Deployment', name, 'b').spec.template.spec.imagePullSecrets.map((secret: { name: string }) => secret.name);
  expect(namesOf('python')).toEqual(['own', 'registry', 'platform']);
  expect(namesOf('plain')).toEqual(['registry', 'platform']);
});

describe('a warm pool', () => {
  const objects = pool();
  const deployment = one(objects, 'Deployment', 'python', 'team-a');
  const spec = deployment.spec.template.spec;

  test('leaves a worker to its session when the state label is flipped, and only then', () => {
    expect(deployment.spec.selector.matchLabels).toEqual({
      'cdk8s-agent-platform/role': 'session', 'cdk8s-agent-platform/pool': 'python', 'cdk8s-agent-platform/state': 'warm',
    });
  });

  test('is selected by policies without the state label', () => {
    for (const policy of objects.filter((object) => object.kind === 'NetworkPolicy')) {
      expect(JSON.stringify(policy.spec)).not.toContain('cdk8s-agent-platform/state');
    }
  });

  test('brings the daemon and its runtime into any image, read-only for the session', () => {
    expect(spec.initContainers[0]).toMatchObject({ args: ['/app/install-runtime.mjs', '/mnt/runtime'], volumeMounts: [{ name: 'runtime', mountPath: '/mnt/runtime' }] });
    const program = ['/opt/agent-platform/bin/node', '--max-semi-space-size=2', '/opt/agent-platform/session.mjs'];
    expect(spec.containers[0].command).toEqual(['/opt/agent-platform/bin/session-helper', '--', ...program]);
    expect(spec.containers[0].volumeMounts).toContainEqual({ name: 'runtime', mountPath: '/opt/agent-platform', readOnly: true });
  });

  test('looks for the keys that it trusts in a ConfigMap, which may come later', () => {
    expect(spec.volumes).toContainEqual({ name: 'trust', configMap: { name: 'agent-trust', optional: true } });
    expect(spec.containers[0].volumeMounts).toContainEqual({ name: 'trust', mountPath: '/etc/agent-platform/trust', readOnly: true });
    expect(spec.containers[0].env).toContainEqual({ name: 'AGENT_TRUST_DIR', value: '/etc/agent-platform/trust' });
  });

  test('has no API token, no DNS and no Service links', () => {
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.volumes.some((volume: any) => volume.projected)).toBe(false);
    expect(spec.dnsPolicy).toBe('None');
  });

  test('runs as user 1000 with a volume for every path it writes', () => {
    expect(spec.securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 1000, fsGroup: 65532, runAsNonRoot: true });
    const writable = spec.containers[0].volumeMounts.filter((mount: any) => !mount.readOnly);
    expect(writable.map((mount: any) => mount.mountPath)).toEqual(['/workspace', '/home/agent', '/tmp']);
    for (const { emptyDir } of spec.volumes.filter(({ name }: any) => name !== 'trust')) expect(emptyDir.sizeLimit).toBeDefined();
  });

  test('sets HOME, USER and LOGNAME after everything else', () => {
    expect(spec.containers[0].env.slice(-3).map((variable: any) => variable.name)).toEqual(['HOME', 'USER', 'LOGNAME']);
  });
});

test('sticky workers keep name and volume, and have no second workspace', () => {
  const objects = pool({ workload: WorkerWorkload.sticky({ replicas: 3, volumeSize: Size.gibibytes(5), storageClassName: 'fast' }) });
  const { spec } = one(objects, 'StatefulSet', 'python');
  expect(spec).toMatchObject({ replicas: 3, serviceName: 'python-headless' });
  expect(spec.volumeClaimTemplates[0].spec).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } });
  expect(spec.template.spec.volumes.map((volume: any) => volume.name)).not.toContain('workspace');
  expect(one(objects, 'Service', 'python-headless').spec.clusterIP).toBe('None');
});

test('names made from two pools never meet, however much the pools sound alike', () => {
  const { chart, team } = testPlatform();
  for (const name of ['a', 'a-headless']) new WorkerPool(chart, name, { namespace: team, image: 'a', workload: WorkerWorkload.sticky() });
  const names = synth(chart).map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name].join(' '));
  expect(new Set(names).size).toBe(names.length);
});

describe('a batch', () => {
  const batch = (command: string[]) => pool({ workload: WorkerWorkload.batch({ command, ttlAfterFinished: Duration.seconds(0), backoffLimit: 0 }) })
    .find((object) => object.kind === 'Job')!;

  test('keeps zeros as zeros', () => {
    expect(batch(['/work']).spec).toMatchObject({ ttlSecondsAfterFinished: 0, backoffLimit: 0 });
  });

  test('gets a new name when its pods change, because a Job template is immutable', () => {
    expect(batch(['/work']).metadata.name).toMatch(/^python-[0-9a-f]{8}$/);
    expect(batch(['/work']).metadata.name).toBe(batch(['/work']).metadata.name);
    expect(batch(['/work']).metadata.name).not.toBe(batch(['/other']).metadata.name);
  });

  test('runs its program without daemon, ports or probes', () => {
    const { spec } = batch(['/work']).spec.template;
    expect(spec).toMatchObject({ restartPolicy: 'Never', containers: [{ command: ['/work'] }] });
    expect(spec.containers[0]).not.toHaveProperty('ports');
    expect(spec.containers[0]).not.toHaveProperty('livenessProbe');
    expect(spec.initContainers.map(({ name }: any) => name)).toEqual(['fence']);
  });
});

test('the program of a batch gets its arguments as they are written', () => {
  const objects = pool({ workload: WorkerWorkload.batch({ command: ['/work', '$(HOME)', '$x'] }) });
  expect(objects.find(({ kind }) => kind === 'Job')!.spec.template.spec.containers[0].command).toEqual(['/work', '$$(HOME)', '$$x']);
});

test('user values reach the process as they are written: Kubernetes expands nothing in them', () => {
  const { env } = one(pool({ env: { TASK: 'echo $(HOME) $$ $x' } }), 'Deployment', 'python').spec.template.spec.containers[0];
  expect(env[0]).toEqual({ name: 'TASK', value: 'echo $$(HOME) $$$$ $$x' });
});

test('extended resources stand in the limits only', () => {
  const { resources } = one(pool({ extendedResources: { 'nvidia.com/gpu': 1 } }), 'Deployment', 'python').spec.template.spec.containers[0];
  expect(resources.limits['nvidia.com/gpu']).toBe('1');
  expect(resources.requests).not.toHaveProperty('nvidia.com/gpu');
});

test('ephemeral storage below a gibibyte is rendered exactly', () => {
  const resources = { cpu: { request: Cpu.millis(100) }, ephemeralStorage: { limit: Size.mebibytes(100) } };
  expect(one(pool({ resources }), 'Deployment', 'python').spec.template.spec.containers[0].resources.limits).toEqual({ 'ephemeral-storage': '100Mi' });
});

test('zero replicas are zero', () => {
  expect(one(pool({ workload: WorkerWorkload.warmPool({ replicas: 0 }) }), 'Deployment', 'python').spec.replicas).toBe(0);
});

test.each<[string, Partial<WorkerPoolProps>, RegExp]>([
  ['a name that is no label', { name: 'Python' }, /test\/python: name must be an RFC 1123 label .*at most 45.* got "Python"/],
  ['a name too long for its Services', { name: 'p'.repeat(46) }, /at most 45/],
  ['an image with a space', { image: 'a b' }, /image must be an image reference/],
  ['root', { userId: 0 }, /userId must be a whole number from 1 to 2147483647, got 0/],
  ['a user id that the API server refuses', { userId: 2_147_483_648 }, /1 to 2147483647, got 2147483648/],
  ['a name that no Service can take', { name: '3d' }, /name must begin with a letter.* got "3d"/],
  ['a negative pool', { workload: WorkerWorkload.warmPool({ replicas: -1 }) }, /replicas must be a whole number from 0 to 500, got -1/],
  ['a batch without program', { workload: WorkerWorkload.batch({ command: [] }) }, /command must name a program/],
  ['a batch that never has to succeed', { workload: WorkerWorkload.batch({ command: ['x'], completions: 0 }) }, /completions .* 1 to 10000, got 0/],
  ['a workspace that a volume would hide', { workload: WorkerWorkload.sticky(), workspaceSize: Size.gibibytes(1) }, /set volumeSize/],
  ['a proxy of the user\'s own', { env: { https_proxy: 'http://evil' } }, /env 'https_proxy' is set by the platform/],
  ['a variable of the daemon', { env: { POD_UID: 'x' } }, /env 'POD_UID' is set by the platform/],
  ['another home', { env: { HOME: '/root' } }, /env 'HOME'/],
  ['a variable that no shell can read', { env: { 'A-B': 'x' } }, /env names must be/],
  ['half a GPU', { extendedResources: { 'nvidia.com/gpu': 0.5 } }, /whole number from 0 to 64, got 0.5/],
  ['a resource with two vendors', { extendedResources: { 'a/b/c': 1 } }, /vendor.example\/device/],
  ['a resource that a quota takes for its own', { extendedResources: { 'requests.example.com/gpu': 1 } }, /vendor.example\/device/],
  ['a request above its limit', { resources: { cpu: { request: Cpu.units(4), limit: Cpu.millis(3999) } } }, /resources.cpu: the request must not exceed/],
  ['memory above its limit', { resources: { memory: { request: Size.gibibytes(2), limit: Size.mebibytes(2047) } } }, /resources.memory: the request/],
  ['a limit of nothing, which is none', { resources: { ephemeralStorage: { limit: Size.mebibytes(0) } } }, /resources\.limits\.ephemeral-storage must be more than 0, as 0 is no limit/],
  ['a workspace without size, which would have no limit', { workspaceSize: Size.gibibytes(0) }, /workspaceSize must be more than 0, got 0Gi/],
  ['a volume without size', { workload: WorkerWorkload.sticky({ volumeSize: Size.gibibytes(0) }) }, /volumeSize must be more than 0/],
  ['a StorageClass without name', { workload: WorkerWorkload.sticky({ storageClassName: '' }) }, /storageClassName must be .* got ""/],
  ['a batch with half a second', { workload: WorkerWorkload.batch({ command: ['x'], activeDeadline: Duration.millis(1500) }) }, /test\/python: activeDeadline in seconds .* got 1.5/],
  ['a batch that is kept for ever', { workload: WorkerWorkload.batch({ command: ['x'], ttlAfterFinished: Duration.days(366) }) }, /ttlAfterFinished in seconds/],
  ['a variable that is not set', { env: { MODE: process.env.THIS_IS_NOT_SET as string } }, /env 'MODE' must be text/],
  ['a variable that ends early', { env: { MODE: 'a\0b' } }, /env 'MODE' must be text without NUL/],
  ['a node label that cannot be', { placement: { nodeSelector: { 'a b': 'c' } } }, /placement.nodeSelector: label key must be .* got "a b"/],
  ['a RuntimeClass that cannot be', { placement: { runtimeClassName: 'gVisor' } }, /placement.runtimeClassName must be .* got "gVisor"/],
  ['a PriorityClass without name', { placement: { priorityClassName: '' } }, /placement.priorityClassName must be .* got ""/],
  ['a pull Secret that cannot be', { placement: { imagePullSecrets: ['Registry'] } }, /placement.imagePullSecrets must be .* got "Registry"/],
  ['an unknown effect', { placement: { tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'Never' }] } }, /effect must be one of NoSchedule, .* got 'Never'/],
  ['a toleration of nothing', { placement: { tolerations: [{ value: 'x' }] } }, /operator must be Exists where no key is named/],
  ['a resource without vendor', { extendedResources: { gpu: 1 } }, /vendor.example\/device/],
])('%s is refused', (_name, props, message) => {
  expect(() => pool(props)).toThrow(message);
});

test('two pools of one name in a namespace are refused', () => {
  const { chart, team } = testPlatform();
  new WorkerPool(chart, 'one', { namespace: team, name: 'python', image: 'a' });
  expect(() => new WorkerPool(chart, 'two', { namespace: team, name: 'python', image: 'b' }))
    .toThrow("test/two: name 'python' is taken by another pool of namespace 'team-a'");
});

test('pools of one name in two namespaces get along', () => {
  const { chart, team, platform } = testPlatform();
  const other = platform.addNamespace('team-b');
  new WorkerPool(chart, 'one', { namespace: team, name: 'python', image: 'a' });
  new WorkerPool(chart, 'two', { namespace: other, name: 'python', image: 'b' });
  expect(synth(chart).filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'python')).toHaveLength(2);
});

describe('an object store', () => {
  const egress = (objectStore: ObjectStore) => (one(pool({ objectStore }), 'NetworkPolicy', 'allow-session-python').spec.egress as any[])
    .filter(({ to }) => to.some(({ ipBlock }: any) => ipBlock !== undefined));

  test('opens its ports to its networks, each with its own exceptions', () => {
    expect(egress({ peers: [NetworkPeer.cidr('198.51.100.0/24', { except: ['198.51.100.128/25'] })], ports: [443, 9000] })).toEqual([{
      to: [{ ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.128/25'] } }],
      ports: [{ port: 443, protocol: 'TCP' }, { port: 9000, protocol: 'TCP' }],
    }]);
  });

  test('on the internet leaves out private, shared and metadata networks', () => {
    const [{ ipBlock }] = egress({ peers: [NetworkPeer.internet()] })[0].to;
    expect(ipBlock.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']));
  });

  test('is known by name without DNS', () => {
    const { spec } = one(pool({ objectStore: { peers: [], hostAddresses: { 's3.example.com': '198.51.100.7' } } }), 'Deployment', 'python').spec.template;
    expect(spec.hostAliases).toEqual([{ ip: '198.51.100.7', hostnames: ['s3.example.com'] }]);
  });

  test('with two names for one address has one entry for both, because the API server takes no second one', () => {
    const hostAddresses = { 'b.example.com': '198.51.100.7', 'a.example.com': '198.51.100.7', 'c.example.com': '198.51.100.8' };
    expect(one(pool({ objectStore: { peers: [], hostAddresses } }), 'Deployment', 'python').spec.template.spec.hostAliases).toEqual([
      { ip: '198.51.100.7', hostnames: ['a.example.com', 'b.example.com'] },
      { ip: '198.51.100.8', hostnames: ['c.example.com'] },
    ]);
  });

  test('opens nothing when it names no peer', () => {
    expect(egress({ peers: [] })).toEqual([]);
  });

  test.each<[string, ObjectStore, RegExp]>([
    ['everything, metadata included', { peers: [NetworkPeer.cidr('0.0.0.0/0')] }, /must not cover the cloud metadata address 169\.254\.169\.254\/32, got 0\.0\.0\.0\/0/],
    ['metadata alone', { peers: [NetworkPeer.cidr('169.254.169.254/32')] }, /metadata address/],
    ['metadata over IPv6', { peers: [NetworkPeer.cidr('fd00::/8')] }, /fd00:ec2::254/],
    ['one port twice', { peers: [], ports: [443, 443] }, /objectStore.ports must differ, got 443, 443/],
    ['no port', { peers: [], ports: [] }, /at least one port/],
    ['port 0', { peers: [], ports: [0] }, /1 to 65535, got 0/],
    ['a name with a bad address', { peers: [], hostAddresses: { 's3.example.com': '1.2.3' } }, /must be an IPv4 or IPv6 address, got '1\.2\.3'/],
    ['a name with an address of one interface', { peers: [], hostAddresses: { 's3.example.com': 'fe80::1%eth0' } }, /must be an IPv4 or IPv6 address/],
    ['a wildcard', { peers: [], hostAddresses: { '*.example.com': '198.51.100.7' } }, /must be one host, got a wildcard/],
    ['metadata of another cloud', { peers: [NetworkPeer.cidr('100.64.0.0/10')] }, /metadata address 100\.100\.100\.200/],
    ['metadata of a third cloud', { peers: [NetworkPeer.cidr('192.0.0.0/24')] }, /metadata address 192\.0\.0\.192/],
    ['a name inside the cluster', { peers: [], hostAddresses: { localhost: '198.51.100.7' } }, /localhost/],
    ['host bits', { peers: [NetworkPeer.cidr('10.0.0.1/8')] }, /10\.0\.0\.1\/8/],
  ])('of %s is refused', (_name, objectStore, message) => {
    expect(() => pool({ objectStore })).toThrow(message);
  });
});
