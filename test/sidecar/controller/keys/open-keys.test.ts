import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeObjects, unavailable } from './kube-objects';
import { openPodKeys, PodKeys } from '../../../../sidecar/src/controller/keys/open-keys';
import { openControllerCertificate } from '../../../../sidecar/src/controller/keys/own-certificate';
import { factsOf } from '../../../../sidecar/src/crypto/certificate-facts';
import { openSecret, sealSecret } from '../../../../sidecar/src/crypto/envelope';
import { ROTATE_AFTER } from '../../../../sidecar/src/crypto/key-schedule';
import { mountedKeyring } from '../../../../sidecar/src/crypto/mounted-keyring';
import { parsePublicKeys } from '../../../../sidecar/src/crypto/public-keys';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { signToken, verifyToken } from '../../../../sidecar/src/crypto/signed-token';
import { HandTimers, until } from '../../broker/audit/support';
import { capturedLog } from '../../server/frame';
import { recordOf } from '../../store/records';

const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const opened: PodKeys[] = [];
let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'open-keys-')); });
afterEach(async () => {
  await Promise.all(opened.splice(0).map((keys) => keys.close()));
  rmSync(folder, { recursive: true });
});

function world() {
  const kube = new KubeObjects()
    .add('secrets', 'agents', 'session-keys').add('secrets', 'agents', 'controller-bootstrap')
    .add('secrets', 'agents', 'controller-tls').add('configmaps', 'agents', 'controller-ca')
    .add('configmaps', 'team-a', 'agent-trust').add('configmaps', 'team-b', 'agent-trust');
  const time = { now: T0 };
  const captured = capturedLog('trace');
  const waits: number[] = [];
  const context = (timers = new HandTimers()) => ({
    client: kube, namespace: 'agents', clock: () => time.now, wait: async (ms: number) => waits.push(ms), random: () => 0.5, after: timers.after, log: captured.log,
  });
  const open = async (timers?: HandTimers, sessionKeysDir?: string) => {
    const keys = await openPodKeys({ ...context(timers), workerNamespaces: () => ['team-a', 'team-b'], ...(sessionKeysDir === undefined ? {} : { sessionKeysDir }) });
    opened.push(keys);
    return keys;
  };
  /** As the kubelet mounts the sealing keys. */
  const mount = (): string => {
    for (const [name, text] of kube.entries('secrets', 'agents', 'session-keys')) writeFileSync(join(folder, name), text, { mode: 0o600 });
    return folder;
  };
  const trusted = (namespace: string) => parsePublicKeys(kube.entries('configmaps', namespace, 'agent-trust').get('bootstrap-jwks.json') ?? '');
  return { kube, time, captured, waits, context, open, mount, trusted };
}

test('two replicas that start at the same time have the same keys, which the workers of all namespaces trust', async () => {
  const { open, trusted, kube } = world();
  const [one, other] = await Promise.all([open(), open()]);
  expect(one.sealing.idKey.equals(other.sealing.idKey)).toBe(true);
  expect(one.bootstrap().kid).toBe(other.bootstrap().kid);
  await expect(openSecret(other.sealing, sealSecret(one.sealing, 'text', recordOf('s1'), 'key'), recordOf('s1'), 'key')).resolves.toEqual({ text: 'text' });
  for (const namespace of ['team-a', 'team-b']) {
    const { privateKey, kid } = other.bootstrap();
    expect(verifyToken(signToken({ sub: 's1' }, privateKey, kid), trusted(namespace), 4096)).toEqual({ sub: 's1' });
  }
  expect([...kube.writes].sort()).toEqual([
    'configmaps/team-a/agent-trust', 'configmaps/team-b/agent-trust', 'secrets/agents/controller-bootstrap', 'secrets/agents/session-keys',
  ]);
});

test('the way out of a namespace is what its ConfigMap tells', async () => {
  const { open, kube } = world();
  kube.add('configmaps', 'team-b', 'agent-trust', { 'proxy-url': 'http://egress.agents.svc:15001' });
  const keys = await open();
  expect(await Promise.all(['team-a', 'team-b'].map((namespace) => keys.proxyUrl(namespace)))).toEqual([undefined, 'http://egress.agents.svc:15001']);
});

test('each minute or so the keys are looked at, rotated and published', async () => {
  const { open, time, trusted } = world();
  const timers = new HandTimers();
  const keys = await open(timers);
  time.now += ROTATE_AFTER;
  timers.fire(MINUTE);
  await until(() => trusted('team-a').length === 2 && trusted('team-b').length === 2);
  expect(timers.delays).toEqual([MINUTE]);
  await keys.close();
  expect(timers.delays).toEqual([]);
});

test('the gateway opens what any replica seals, with what is mounted fifteen minutes after a rotation', async () => {
  const { open, time, mount, kube } = world();
  const keys = await open();
  const gateway = mountedKeyring(mount(), () => time.now);
  const seal = () => sealSecret(keys.sealing, 'text', recordOf('s1'), 'key');
  await expect(openSecret(gateway, seal(), recordOf('s1'), 'key')).resolves.toEqual({ text: 'text' });
  time.now += ROTATE_AFTER;
  seal();
  await until(() => kube.entries('secrets', 'agents', 'session-keys').size === 3);
  time.now += 15 * MINUTE - 1;
  await expect(openSecret(gateway, seal(), recordOf('s1'), 'key')).resolves.toEqual({ text: 'text' });
  mount();
  time.now += 1;
  const { kid } = keys.sealing.sealing();
  await expect(openSecret(gateway, seal(), recordOf('s1'), 'key')).resolves.toEqual({ text: 'text' });
  expect(readFileSync(join(folder, 'seal-2.json'), 'utf8')).toContain(kid);
});

test('a start waits for the API server, takes the mounted sealing keys meanwhile, and needs the bootstrap keys', async () => {
  const { open, kube, mount, waits } = world();
  const first = await open();
  const dir = mount();
  kube.fault = (_, where) => where.includes('session-keys') || waits.length < 2 ? unavailable() : undefined;
  const second = await open(undefined, dir);
  expect([second.sealing.idKey.equals(first.sealing.idKey), second.bootstrap().kid, waits.length]).toEqual([true, first.bootstrap().kid, 2]);
  kube.fault = (_, where) => where.includes('controller-bootstrap') ? unavailable() : undefined;
  await expect(open(undefined, dir)).rejects.toMatchObject({ code: 'Unavailable' });
  expect(waits).toHaveLength(2 + 9);
});

test('workers that cannot be told do not keep the controller from starting', async () => {
  const { open, kube, captured } = world();
  kube.fault = (_, where) => where.includes('agent-trust') ? unavailable() : undefined;
  expect((await open()).problem()).toBeUndefined();
  expect(captured.text()).toContain('the bootstrap keys cannot be published');
});

test.each(['session-keys', 'controller-bootstrap'])('a Secret %s that somebody has spoilt stops a start, and is told by who runs', async (name) => {
  const { open, kube } = world();
  const running = await open();
  kube.set('secrets', 'agents', name, new Map([['seal-1.json', 'planted'], ['sign-1.pem', 'planted']]));
  await expect(open()).rejects.toThrow(`Secret agents/${name}/`);
  await running.publish();
  await running.sealing.reread!();
  expect(running.problem()).toContain(`Secret agents/${name}`);
  expect(running.problem()).not.toContain('planted');
  expect(running.bootstrap().kid).toHaveLength(43);
});

test('no private key is in a log, an error or a ConfigMap', async () => {
  const { open, kube, captured, time } = world();
  const keys = await open();
  time.now += ROTATE_AFTER;
  await keys.publish();
  const secrets = ['session-keys', 'controller-bootstrap'].flatMap((name) => [...kube.entries('secrets', 'agents', name).values()]);
  const canaries = secrets.flatMap((text) => text.startsWith('{') ? [JSON.parse(text).key as string] : text.split('\n').filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line)));
  kube.set('secrets', 'agents', 'controller-bootstrap', new Map([['sign-1.pem', secrets.at(-1)!.slice(0, -40)]]));
  await keys.publish();
  const failure = await open().then(() => '', (error: Error) => `${error.message} ${error.stack} ${String(error.cause)}`);
  const maps = ['team-a', 'team-b'].flatMap((namespace) => [...kube.entries('configmaps', namespace, 'agent-trust').values()]);
  expect([canaries.length, maps.length, failure]).toEqual([8, 2, expect.stringContaining('sign-1.pem')]);
  const shown = [captured.text(), failure, keys.problem(), JSON.stringify(keys), ...maps].join('\n');
  for (const canary of canaries) expect(shown).not.toContain(canary);
});

test("the controller's own certificate is for the names of its Service, and shared by Secret and ConfigMap", async () => {
  const { context, kube, time } = world();
  time.now = Date.now();
  const [one, other] = await Promise.all([1, 2].map(() => openControllerCertificate({ ...context(), load: async () => maker })));
  expect(one.pair).toEqual(other.pair);
  expect(factsOf(String(one.pair.cert)).names).toEqual(['controller', 'controller.agents', 'controller.agents.svc', 'controller.agents.svc.cluster.local']);
  expect(kube.entries('configmaps', 'agents', 'controller-ca').get('ca.crt')).toBe(one.bundle);
});
