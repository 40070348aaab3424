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
    expect(spec.initContainers[0].volumeMounts).toContainEqual({ name: 'runtime', mountPath: '/opt/agent-platform' });
    expect(spec.containers[0].command).toEqual(['/opt/agent-platform/bin/node', '/opt/agent-platform/session.mjs']);
    expect(spec.containers[0].volumeMounts).toContainEqual({ name: 'runtime', mountPath: '/opt/agent-platform', readOnly: true });
  });

  test('has no API token, no DNS and no Service links', () => {
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.volumes.some((volume: any) => volume.projected)).toBe(false);
    expect(spec.dnsPolicy).toBe('None');
  });

  test('runs as user 1000 with a volume for every path it writes', () => {
    expect(spec.securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 1000, fsGroup: 65532, runAsNonRoot: true });
    expect(spec.containers[0].volumeMounts.map((mount: any) => mount.mountPath)).toEqual(['/workspace', '/opt/agent-platform', '/home/agent', '/tmp']);
    for (const volume of spec.volumes) expect(volume.emptyDir.sizeLimit).toBeDefined();
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
    expect(spec).not.toHaveProperty('initContainers');
  });
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
  ['root', { userId: 0 }, /userId must be a whole number from 1 to 4294967294, got 0/],
  ['a negative pool', { workload: WorkerWorkload.warmPool({ replicas: -1 }) }, /replicas must be a whole number from 0 to 500, got -1/],
  ['a batch without program', { workload: WorkerWorkload.batch({ command: [] }) }, /command must name a program/],
  ['a batch that never has to succeed', { workload: WorkerWorkload.batch({ command: ['x'], completions: 0 }) }, /completions .* 1 to 10000, got 0/],
  ['a workspace that a volume would hide', { workload: WorkerWorkload.sticky(), workspaceSize: Size.gibibytes(1) }, /set volumeSize/],
  ['a proxy of the user\'s own', { env: { https_proxy: 'http://evil' } }, /env 'https_proxy' is set by the platform/],
  ['a variable of the daemon', { env: { POD_UID: 'x' } }, /env 'POD_UID' is set by the platform/],
  ['another home', { env: { HOME: '/root' } }, /env 'HOME'/],
  ['a variable that no shell can read', { env: { 'A-B': 'x' } }, /env names must be/],
  ['half a GPU', { extendedResources: { 'nvidia.com/gpu': 0.5 } }, /whole number from 0 to 64, got 0.5/],
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
  expect(synth(chart).filter((object) => object.kind === 'Deployment')).toHaveLength(2);
});

describe('an object store', () => {
  const egress = (objectStore: ObjectStore) => one(pool({ objectStore }), 'NetworkPolicy', 'allow-session-python').spec.egress;

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

  test('opens nothing when it names no peer', () => {
    expect(egress({ peers: [] })).toBeUndefined();
  });

  test.each<[string, ObjectStore, RegExp]>([
    ['everything, metadata included', { peers: [NetworkPeer.cidr('0.0.0.0/0')] }, /must not cover the cloud metadata address 169\.254\.169\.254\/32, got 0\.0\.0\.0\/0/],
    ['metadata alone', { peers: [NetworkPeer.cidr('169.254.169.254/32')] }, /metadata address/],
    ['metadata over IPv6', { peers: [NetworkPeer.cidr('fd00::/8')] }, /fd00:ec2::254/],
    ['one port twice', { peers: [], ports: [443, 443] }, /objectStore.ports must differ, got 443, 443/],
    ['no port', { peers: [], ports: [] }, /at least one port/],
    ['port 0', { peers: [], ports: [0] }, /1 to 65535, got 0/],
    ['a name with a bad address', { peers: [], hostAddresses: { 's3.example.com': '1.2.3' } }, /must be an IPv4 or IPv6 address, got '1\.2\.3'/],
    ['a name inside the cluster', { peers: [], hostAddresses: { localhost: '198.51.100.7' } }, /localhost/],
    ['host bits', { peers: [NetworkPeer.cidr('10.0.0.1/8')] }, /10\.0\.0\.1\/8/],
  ])('of %s is refused', (_name, objectStore, message) => {
    expect(() => pool({ objectStore })).toThrow(message);
  });
});
