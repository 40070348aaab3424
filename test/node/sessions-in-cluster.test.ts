import { inClient } from './session-clients';
import { get, install, podOfSession, podsOf, podsOfRole, readySince, refilled, until, warmPods } from './session-cluster';
import { IMAGES, PoolName } from './session-world';
import { apiKeys, platformObjects, SYSTEM, TEAM, WARM, WITH_TEMPLATE } from './sessions-world';
import { LABELS } from '../../src/protocol/names';
import { OBJECTS } from '../../src/protocol/objects';
import { PATHS } from '../../src/protocol/paths';
import { apply, must } from '../cluster/cli';
import { one } from '../helpers/manifests';

/* eslint-disable @typescript-eslint/no-explicit-any */

const POOLS = Object.keys(IMAGES) as PoolName[];

beforeAll(install, 900_000);

describe('installed from nothing', () => {
  const FILLED: readonly (readonly [kind: string, namespace: string, name: string])[] = [
    ['Secret', SYSTEM, OBJECTS.sessionKeys], ['Secret', SYSTEM, OBJECTS.controllerBootstrap], ['Secret', SYSTEM, OBJECTS.controllerTls],
    ['Secret', SYSTEM, OBJECTS.storeTls], ['Secret', SYSTEM, OBJECTS.storeAccess], ['ConfigMap', SYSTEM, OBJECTS.controllerCa],
    ['ConfigMap', SYSTEM, OBJECTS.storeCa], ['ConfigMap', TEAM, OBJECTS.agentTrust],
  ];
  const contents = () => FILLED.map(([kind, namespace, name]) => get(kind, namespace, name).data);
  const pods = () => [...get('pod', SYSTEM).items, ...get('pod', TEAM).items].map(({ metadata }: any) => metadata.uid).sort();

  test('the gateway is ready once there are API keys, and not before', () => {
    const made = Date.parse(get('secret', SYSTEM, OBJECTS.gatewayApiKeys).metadata.creationTimestamp);
    expect(podsOfRole('gateway').map((pod) => readySince(pod)! >= made)).toEqual([true, true]);
  });

  test.each(FILLED)('the controller has filled %s %s/%s, which is applied empty', (kind, namespace, name) => {
    const applied = one(platformObjects(), kind, name, namespace);
    expect([applied.data, Object.keys(get(kind, namespace, name).data).length > 0]).toEqual([undefined, true]);
  });

  test('what is applied again changes no key and no pod', async () => {
    // Sessions of other tests may be going still, and workers coming.
    await until('the pools are at rest', () => POOLS.every((pool) => {
      const all = podsOf(TEAM, `${LABELS.pool}=${pool}`);
      return all.length === WARM[pool] && warmPods(pool).length === WARM[pool];
    }), 300);
    const before = [contents(), pods()];
    apply(platformObjects());
    must(['apply', '--server-side', '-f', '-'], [apiKeys()]);
    expect([contents(), pods()]).toEqual(before);
  }, 480_000);

  test('the namespaces enforce the restricted Pod Security Standard', () => {
    const enforced = [SYSTEM, TEAM].map((name) => JSON.parse(must(['get', 'namespace', name, '-o', 'json'])).metadata.labels['pod-security.kubernetes.io/enforce']);
    expect(enforced).toEqual(['restricted', 'restricted']);
  });
});

describe.each(POOLS)('a session of the pool %s', (pool) => {
  let session: string;
  let before: any[];
  const used = (body: string, input: object = {}) => inClient(`const session = alice.session(input.session, place(input.pool)); ${body}`, { session, pool, ...input });

  beforeAll(async () => {
    before = await refilled(pool);
    session = await inClient("return (await alice.createSession({ ...place(input.pool), env: { GREETING: 'hello there' }, metadata: { task: 'test' } })).id", { pool });
  }, 240_000);

  test('has a pod that was warm before, and is the same pod still', async () => {
    // Its ReplicaSet lets go of it once it has seen the labels.
    const { metadata, spec, status } = await until('it has one owner', () => {
      const pod = podOfSession(session);
      return pod.metadata.ownerReferences.length === 1 && pod;
    });
    const warm = before.find((pod) => pod.metadata.uid === metadata.uid)!;
    expect(warm.metadata.labels[LABELS.state]).toBe('warm');
    expect(metadata.labels).toEqual({ ...warm.metadata.labels, [LABELS.state]: 'claimed', [LABELS.session]: session });
    expect(metadata.ownerReferences.map(({ kind, controller }: any) => [kind, controller ?? false])).toEqual([['ConfigMap', false]]);
    expect([status.containerStatuses[0].restartCount, status.startTime]).toEqual([0, warm.status.startTime]);
    expect({ ...spec, activeDeadlineSeconds: undefined }).toEqual({ ...warm.spec, activeDeadlineSeconds: undefined });
    expect(spec.activeDeadlineSeconds).toBeGreaterThan(0);
  });

  test('leaves a place in the pool, which is filled', async () => {
    const known = before.map(({ metadata }) => metadata.uid);
    expect((await refilled(pool)).some(({ metadata }) => !known.includes(metadata.uid))).toBe(true);
  }, 200_000);

  test('has the environment of its own, which its pod was not made with', async () => {
    const { stdout, exitCode } = await used("return session.execute(['/bin/sh', '-c', 'echo $GREETING; pwd'])");
    expect([stdout, exitCode]).toEqual([`hello there\n${PATHS.workspace}\n`, 0]);
    expect(JSON.stringify(podOfSession(session))).not.toContain('hello there');
  });

  test('streams: a command goes on after the client has answered to its first output', async () => {
    const script = 'echo first; while [ ! -e go ]; do sleep 1; done; echo second; exit 3';
    const seen = await used(`
      const seen = [];
      for await (const event of session.stream(['/bin/sh', '-c', input.script], { timeout: '120s' })) {
        seen.push(event.type === 'exit' ? event.exitCode : event.data);
        if (seen.length === 1) await session.files.write('go', '');
      }
      return seen;`, { script });
    expect(seen).toEqual(['first\n', 'second\n', 3]);
  });

  test('takes files and gives them back', async () => {
    const read = await used(`
      await session.files.write('data/naïve "name".bin', new Uint8Array([0, 255, 10]));
      const names = [];
      for await (const { name } of session.files.list('data')) names.push(name);
      return [names, [...await session.files.read('data/naïve "name".bin')]];`);
    expect(read).toEqual([['naïve "name".bin'], [0, 255, 10]]);
  });

  test('is in the list of its owner and of nobody else', async () => {
    const lists = await inClient('const ids = async (one) => { const all = []; for await (const { sessionId } of one.list()) all.push(sessionId); return all; }; return [await ids(alice), await ids(bob)];');
    expect(lists).toEqual([expect.arrayContaining([session]), []]);
  });

  test.each(['session.execute(["/bin/true"])', 'session.files.readText("go")', 'session.extend(600)', 'session.delete()', 'bob.get(session.id)'])(
    'does not exist for others: %s', async (work) => {
      const [others, missing] = await inClient(`
        const tried = (id) => { const session = bob.session(id, place(input.pool)); return coded(${work}); };
        return [await tried(input.session), await tried(input.missing)];`, { session, pool, missing: '00000000-0000-4000-8000-000000000000' });
      expect([others.code, others.status]).toEqual(['SESSION_NOT_FOUND', 404]);
      expect(others.message.replace(session, '')).toBe(missing.message.replace(/0{8}-[-\d]+/, ''));
    });

  test('is extended and deleted, and its pod with it', async () => {
    const [end, later, gone] = await used(`
      const { expiresAt } = await alice.get(session.id);
      const extended = await session.extend(7 * 3600);
      await session.delete();
      return [expiresAt, extended.expiresAt, await coded(session.execute(['/bin/true']))];`);
    expect(Date.parse(later)).toBeGreaterThanOrEqual(Date.parse(end));
    expect(gone).toMatchObject({ code: 'SESSION_NOT_FOUND', status: 404 });
    await until('the pod is gone', () => podOfSession(session) === undefined, 120);
  }, 150_000);
});

test('ten creations at the same time from a pool of two get ten pods', async () => {
  await refilled('glibc');
  const started = Date.now();
  const made = await inClient(`
    // New workers come two at a time, and a client waits for about a minute.
    const made = () => alice.createSession(place('glibc')).catch((error) => error.code === 'POOL_EMPTY' ? made() : Promise.reject(error));
    const sessions = await Promise.all(Array.from({ length: 10 }, made));
    const pods = await Promise.all(sessions.map(async ({ id }) => (await alice.get(id)).sandboxId));
    const said = await Promise.all(sessions.map(async (session, index) => (await session.execute(['/bin/sh', '-c', 'echo ' + index + ' >mine; cat mine'])).stdout));
    await Promise.all(sessions.map((session) => session.delete()));
    return { pods, said };`);
  console.info(`ten sessions from a pool of two: ${Date.now() - started} ms with their end`);
  expect(new Set(made.pods).size).toBe(10);
  expect(made.said).toEqual(Array.from({ length: 10 }, (_, index) => `${index}\n`));
}, 900_000);

test('the token that a session has of the broker ends with the session', async () => {
  await refilled(WITH_TEMPLATE);
  const [session, other]: string[] = await inClient(`
    const made = await Promise.all(input.map((pool) => alice.createSession(place(pool))));
    await Promise.all(made.map((session) => session.delete()));
    return made.map(({ id }) => id);`, [WITH_TEMPLATE, 'glibc']);
  const revoked = await until('its token is revoked', () => {
    const { data = {} } = get('configmap', SYSTEM, OBJECTS.revokedSessions);
    return session in data && data;
  });
  expect([Object.keys(revoked).includes(session), Object.keys(revoked).includes(other)]).toEqual([true, false]);
  const issued = await until('the issue is an AuditEvent', () => get('auditevents.paddock.dev', TEAM).items.find(({ spec }: any) => JSON.stringify(spec).includes(session)), 90);
  expect(issued.spec).toMatchObject({ kind: 'credential-issued' });
}, 400_000);
