import { Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { NetworkPeer, SessionOptions, SessionStore, ValkeyStoreOptions, WorkerPool } from '../src';
import { Emitted, environmentOf, one, podOf as deployedPod, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';
import { LABELS } from '../src/protocol/names';

const objectsOf = (sessions: SessionOptions = {}) => synth(testPlatform({ sessions }).chart);
const valkey = (options: ValkeyStoreOptions = {}) => objectsOf({ store: SessionStore.valkey(options) });
const storeOf = (objects: readonly Emitted[]) => one(objects, 'StatefulSet', 'session-store');
const podOf = (objects: readonly Emitted[]) => storeOf(objects).spec.template.spec;
const configOf = (objects: readonly Emitted[]): string[] => one(objects, 'ConfigMap', 'session-store').data['valkey.conf'].split('\n');
const objects = objectsOf();

describe('the store of the platform', () => {
  test('is one pod, which no disruption budget could help', () => {
    expect(storeOf(objects).spec).toMatchObject({ replicas: 1, serviceName: 'session-store-headless' });
    expect(objects.filter(({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === 'session-store')).toEqual([]);
  });

  test('is reached by controller and gateway over one port, and reaches nothing', () => {
    const peer = (role: string) => ({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'agent-platform' } }, podSelector: { matchLabels: { [LABELS.role]: role } },
    });
    const { spec } = one(objects, 'NetworkPolicy', 'allow-store');
    expect(spec.ingress).toEqual([{ from: [peer('controller'), peer('gateway')], ports: [{ port: 6379, protocol: 'TCP' }] }]);
    expect(spec).not.toHaveProperty('egress');
    expect(spec.policyTypes).toContain('Egress');
    expect(podOf(objects)).toMatchObject({ dnsPolicy: 'None', dnsConfig: { nameservers: ['127.0.0.1'] } });
  });

  test('listens to TLS only, and lets nobody change its settings', () => {
    expect(configOf(objects)).toEqual(expect.arrayContaining([
      'port 0', 'tls-port 6379', 'aclfile /etc/agent-platform/store-access/users.acl', 'enable-protected-configs no', 'enable-debug-command no', 'enable-module-command no',
    ]));
  });

  test('keeps what it has when it is full or restarted', () => {
    expect(configOf(objects)).toEqual(expect.arrayContaining(['maxmemory-policy noeviction', 'appendonly yes', 'dir /data']));
    expect(storeOf(objects).spec.volumeClaimTemplates).toMatchObject([{ metadata: { name: 'data' }, spec: { resources: { requests: { storage: '1Gi' } } } }]);
    expect(storeOf(objects).spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
  });

  test('has a limit of its own below that of the kubelet', () => {
    const maxOf = (made: readonly Emitted[]) => Number(configOf(made).find((line) => line.startsWith('maxmemory '))!.split(' ')[1]);
    expect(maxOf(objects)).toBeLessThanOrEqual(0.6 * 512 * 1024 * 1024);
    expect(maxOf(valkey({ resources: { memory: { limit: Size.gibibytes(4) } } }))).toBe(Math.floor(0.6 * 4 * 1024 * 1024) * 1024);
  });

  test('does not start before its certificate and access list are there, and never sees password and authority', () => {
    const secrets = podOf(objects).volumes.flatMap(({ secret }: any) => secret ?? []);
    expect(secrets.map(({ secretName, items, optional }: any) => [secretName, items.map(({ key }: any) => key), optional])).toEqual([['session-store-tls', ['tls.crt', 'tls.key'], undefined], ['session-store-access', ['users.acl'], undefined]]);
  });

  test('is restarted when the kubelet has renewed what it reads at its start only', () => {
    const { livenessProbe, readinessProbe } = podOf(objects).containers[0];
    for (const file of ['/etc/agent-platform/tls/tls.crt', '/etc/agent-platform/store-access/users.acl']) {
      expect(livenessProbe.exec.command[2]).toContain(`! test ${file} -nt /tmp/valkey.pid`);
      expect(readinessProbe.exec.command[2]).not.toContain(file);
    }
    expect(configOf(objects)).toContain('pidfile /tmp/valkey.pid');
  });

  test('is another pod when its configuration is another', () => {
    const hash = (made: readonly Emitted[]) => storeOf(made).spec.template.metadata.annotations['cdk8s-agent-platform/config'];
    expect(hash(valkey())).toBe(hash(objects));
    expect(hash(valkey({ resources: { memory: { limit: Size.gibibytes(4) } } }))).not.toBe(hash(objects));
  });

  test('runs as nobody in particular, without token, on a read-only root', () => {
    expect(podOf(objects)).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsUser: 65532, fsGroup: 65532 }, serviceAccountName: 'session-store' });
    expect(podOf(objects).containers[0]).toMatchObject({ image: 'docker.io/valkey/valkey:8.1', imagePullPolicy: 'Always', securityContext: { readOnlyRootFilesystem: true } });
    const pinned = `example.com/valkey@sha256:${'0'.repeat(64)}`;
    expect(podOf(valkey({ image: pinned })).containers[0]).toMatchObject({ image: pinned, imagePullPolicy: 'IfNotPresent' });
  });

  test.each(['controller', 'gateway'])('is known to the %s by a URL without password, which is in a file', (role) => {
    expect(environmentOf(objects, role)).toMatchObject({
      STORE_URL: 'rediss://sessions@session-store.agent-platform.svc:6379',
      STORE_PASSWORD_FILE: '/etc/agent-platform/store-access/password',
      STORE_CA_FILE: '/etc/agent-platform/store-ca/ca.crt',
    });
  });

  test('is filled by the controller, which therefore does not wait for it, and by nobody else', () => {
    expect(environmentOf(objects, 'controller')).toMatchObject({ STORE_ACCESS: 'true' });
    expect(Object.keys(environmentOf(objects, 'gateway'))).not.toContain('STORE_ACCESS');
    const optional = (role: string) => deployedPod(objects, role).volumes
      .filter(({ name }: any) => name.startsWith('store-')).map(({ secret, configMap }: any) => (secret ?? configMap).optional === true);
    expect([optional('controller'), optional('gateway')]).toEqual([[true, true], [false, false]]);
  });

  test('loses its sessions with its pod where that is said, and takes no more room than said', () => {
    const made = valkey({ durable: false, volumeSize: Size.mebibytes(200) });
    expect(storeOf(made).spec).not.toHaveProperty('volumeClaimTemplates');
    expect(podOf(made).volumes).toContainEqual({ name: 'data', emptyDir: { sizeLimit: '200Mi' } });
  });
});

describe('an existing store', () => {
  const url = { name: 'redis', key: 'url' };
  const peers = [NetworkPeer.pods({ namespace: 'databases', labels: { app: 'redis' } })];
  const made = objectsOf({ store: SessionStore.existing({ url, ca: { name: 'redis-ca', key: 'ca.pem' }, peers, port: 6380 }) });

  test.each(['controller', 'gateway'])('is known to the %s by a Secret, and its URL is in no manifest', (role) => {
    expect(environmentOf(made, role)).toMatchObject({ STORE_URL: { secretKeyRef: url }, STORE_CA_FILE: '/etc/agent-platform/store-ca/ca.crt' });
    expect(Object.keys(environmentOf(made, role))).toEqual(expect.not.arrayContaining(['STORE_PASSWORD_FILE', 'STORE_ACCESS']));
    expect(deployedPod(made, role).volumes).toContainEqual(
      { name: 'store-ca', projected: { defaultMode: 0o440, sources: [{ configMap: { name: 'redis-ca', items: [{ key: 'ca.pem', path: 'ca.crt' }] } }] } });
  });

  test.each(['allow-controller', 'allow-gateway'])('is where %s lets out to, on its port', (policy) => {
    expect(one(made, 'NetworkPolicy', policy).spec.egress).toContainEqual({
      to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'databases' } }, podSelector: { matchLabels: { app: 'redis' } } }],
      ports: [{ port: 6380, protocol: 'TCP' }],
    });
  });

  test('leaves nothing of a store here, and the controller without rights to it', () => {
    expect(made.filter(({ metadata }) => metadata.name.startsWith('session-store') || metadata.name === 'allow-store')).toEqual([]);
    expect(JSON.stringify(one(made, 'Role', 'controller'))).not.toContain('session-store');
  });

  test('without an authority of its own is believed by those of Node', () => {
    expect(Object.keys(environmentOf(objectsOf({ store: SessionStore.existing({ url, peers }) }), 'gateway'))).not.toContain('STORE_CA_FILE');
  });

  test.each<[string, Partial<Parameters<typeof SessionStore.existing>[0]>, RegExp]>([
    ['nowhere', { peers: [] }, /test\/platform: sessions\.store peers must name at least one/],
    ['at a network that is none', { peers: [NetworkPeer.cidr('10.0.0.1/8')] }, /10\.0\.0\.0\/8/],
    ['at no port', { port: 0 }, /sessions\.store port must be a whole number from 1 to 65535, got 0/],
    ['in a Secret that cannot be', { url: { name: 'A', key: 'b' } }, /sessions\.store url\.name must be .* got "A"/],
    ['in a key that cannot be', { url: { name: 'a', key: '' } }, /sessions\.store url\.key must be the key of an entry/],
  ])('%s is refused', (_what, wrong, message) => {
    expect(() => objectsOf({ store: SessionStore.existing({ url, peers, ...wrong }) })).toThrow(message);
  });
});

test('the memory of one process is refused: the gateway is another one', () => {
  expect(() => objectsOf({ store: SessionStore.memory() })).toThrow(/test\/platform: sessions\.store must not be SessionStore\.memory\(\): controller and gateway are processes of their own/);
});

test.each<[string, ValkeyStoreOptions, RegExp]>([
  ['no limit of memory', { resources: { cpu: { request: Cpu.millis(100) } } }, /test\/platform\/store: resources\.memory\.limit must be given/],
  ['an image with a space', { image: 'a b' }, /image must be an image reference/],
  ['a volume of nothing', { volumeSize: Size.gibibytes(0) }, /volumeSize must be more than 0/],
  ['a StorageClass without name', { storageClassName: '' }, /storageClassName must be/],
  ['a StorageClass without volume', { storageClassName: 'fast', durable: false }, /storageClassName has no effect with durable: false/],
])('%s is refused', (_what, options, message) => {
  expect(() => valkey(options)).toThrow(message);
});

describe('a platform without sessions', () => {
  const { chart, platform, team } = testPlatform({ egress: { enabled: false }, sessions: { enabled: false } });
  new WorkerPool(chart, 'python', { namespace: team, image: 'a' });
  const made = synth(chart);

  test('has none of their parts, rights, rules and pool objects', () => {
    expect(made.filter(({ metadata }) => /controller|gateway|session-|^pool-/.test(metadata.name)).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['NetworkPolicy allow-session-python']);
    expect([platform.controller, platform.gateway]).toEqual([undefined, undefined]);
  });

  test('trusts no controller at its broker', () => {
    expect(one(made, 'ConfigMap', 'broker-identities').data).toEqual({ 'identities.json': '{}' });
  });

  test('refuses what is said about them', () => {
    expect(() => testPlatform({ sessions: { enabled: false, store: SessionStore.valkey(), gateway: {} } }))
      .toThrow(/sessions\.gateway has no effect without sessions.*sessions\.store has no effect/);
  });
});
