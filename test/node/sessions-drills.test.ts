import { GATEWAY, inClient } from './session-clients';
import { answering, get, install, killContainer, podOfSession, podsOf, podsOfRole, processesOf, refilled, until, warmPods } from './session-cluster';
import { SYSTEM, TEAM } from './sessions-world';
import { LABELS } from '../../src/protocol/names';
import { OBJECTS } from '../../src/protocol/objects';
import { ENTRY_POINTS, RUNTIME_FILES } from '../../src/protocol/paths';
import { PORTS } from '../../src/protocol/ports';
import { must } from '../cluster/cli';

/* eslint-disable @typescript-eslint/no-explicit-any */

const POOL = 'glibc';

beforeAll(install, 900_000);

/** A session, once there is a worker for it: a client waits for about a minute, and a new worker may take longer. */
const create = (options: object = {}): Promise<string> => inClient(`
  const made = () => alice.createSession({ ...place(input.pool), ...input.options }).catch((error) => error.code === 'POOL_EMPTY' ? made() : Promise.reject(error));
  return (await made()).id;`, { pool: POOL, options });
const used = (session: string, body: string) => inClient(`const session = alice.session(input.session, place(input.pool)); ${body}`, { session, pool: POOL });
const greeting = "return (await session.execute(['/bin/sh', '-c', 'echo $GREETING'])).stdout";
const isListed = (session: string): Promise<boolean> => inClient('for await (const { sessionId } of alice.list()) if (sessionId === input.session) return true; return false;', { session });
const endOf = (session: string, seconds?: number) => until(`the pod of ${session} is gone`, () => podOfSession(session) === undefined, seconds);

describe('the daemon of a session', () => {
  test('that was killed is the same session again, with its environment and files, at the next call', async () => {
    const session = await create({ env: { GREETING: 'still here' } });
    await used(session, "return session.files.write('kept', 'of before')");
    const { metadata } = podOfSession(session);
    killContainer(metadata.name, RUNTIME_FILES.session);
    expect(await used(session, `${greeting} + await session.files.readText('kept')`)).toBe('still here\nof before');
    expect(podOfSession(session).metadata.uid).toBe(metadata.uid);
    await until('the kubelet tells of the restart', () => podOfSession(session).status.containerStatuses[0].restartCount === 1);
    await used(session, 'await session.delete()');
  }, 480_000);

  test('whose pod was deleted is no session any more', async () => {
    const session = await create();
    const { name } = podOfSession(session).metadata;
    must(['delete', 'pod', '-n', TEAM, name, '--force', '--grace-period=0']);
    // By force, it is gone from the API before it is from its node.
    await until('its container is gone', () => processesOf(name, RUNTIME_FILES.session).length === 0, 120);
    const answer = await used(session, "return coded(session.execute(['/bin/true']))");
    expect(answer).toMatchObject({ code: 'SESSION_NOT_FOUND', status: 404 });
    await until('it is not listed', async () => !await isListed(session));
  }, 480_000);
});

describe('a replica that is gone', () => {
  const holder = () => get('lease', SYSTEM, OBJECTS.controllerLease).spec.holderIdentity.split('_')[0];

  test('leaves controller and gateway working, and another controller ends what is over', async () => {
    await refilled(POOL);
    const leader = holder();
    const session = await create({ env: { GREETING: 'still here' } });
    const short = await create({ ttlSeconds: 20 });
    killContainer(leader, ENTRY_POINTS.controller);
    must(['delete', 'pod', '-n', SYSTEM, podsOfRole('gateway')[0].metadata.name, leader, '--force', '--grace-period=0']);
    const outcomes = await inClient(`
      const outcomes = [];
      for (let round = 0; round < 20 || outcomes.at(-1) !== 0 && round < 200; round++) {
        const call = alice.session(input.session, place(input.pool)).execute(['/bin/true']).then(({ exitCode }) => exitCode);
        outcomes.push(await call.catch(({ code }) => code));
        await sleep(100);
      }
      return outcomes;`, { session, pool: POOL });
    // A client that dials the one that is gone learns so; who is connected to the other notices nothing.
    expect(outcomes.filter((outcome: unknown) => outcome !== 0 && outcome !== 'CONNECTION_FAILED')).toEqual([]);
    expect(outcomes.at(-1)).toBe(0);
    const another = await create();
    const began = Date.now();
    await until('another controller has the lease', () => holder() !== leader, 90);
    console.info(`the lease had another holder ${Date.now() - began} ms later`);
    await endOf(short, 120);
    await until('it is not listed', async () => !await isListed(short));
    expect(await used(session, greeting)).toBe('still here\n');
    for (const one of [session, another]) await used(one, 'await session.delete()');
  }, 900_000);

  test('was replaced', () => {
    for (const part of [OBJECTS.controller, OBJECTS.gateway]) must(['rollout', 'status', '-n', SYSTEM, `deployment/${part}`, '--timeout=180s']);
  }, 370_000);
});

test('a worker that nobody should get is taken from its pool and deleted, by its labels alone', async () => {
  const [{ metadata }] = await refilled(POOL);
  must(['label', 'pod', '-n', TEAM, metadata.name, '--overwrite', `${LABELS.state}=claimed`, `${LABELS.session}=recycle`]);
  await until('it is gone', () => !podsOf(TEAM, `${LABELS.pool}=${POOL}`).some((pod) => pod.metadata.uid === metadata.uid), 120);
}, 400_000);

describe('the store', () => {
  let session: string;

  beforeAll(async () => { session = await create({ env: { GREETING: 'still here' } }); }, 480_000);

  test('that is away is said so, and no gateway is ready', async () => {
    const { status } = podsOfRole('gateway')[0];
    must(['scale', '-n', SYSTEM, `statefulset/${OBJECTS.store}`, '--replicas=0']);
    must(['wait', '-n', SYSTEM, `pod/${OBJECTS.store}-0`, '--for=delete', '--timeout=120s']);
    // By its address: the Service leads to nobody soon.
    const answer = await inClient(`
      const direct = new SessionClient({ url: input.url, token: keys.alice });
      return [await coded(direct.session(input.session, place('glibc')).execute(['/bin/true'])), await coded(direct.createSession(place('glibc')))];`,
    { session, url: GATEWAY.replace(/[^/]+$/, `${status.podIP}:${PORTS['gateway-api']}`) });
    expect(answer).toEqual([expect.objectContaining({ code: 'STORE_UNAVAILABLE', status: 503 }), expect.objectContaining({ code: 'STORE_UNAVAILABLE', status: 503 })]);
    await until('no gateway is ready', () => get('deployment', SYSTEM, OBJECTS.gateway).status.readyReplicas === undefined, 90);
  }, 300_000);

  test('that is back has every session, and everything recovers alone', async () => {
    must(['scale', '-n', SYSTEM, `statefulset/${OBJECTS.store}`, '--replicas=1']);
    const began = Date.now();
    await until('the gateways are ready', () => get('deployment', SYSTEM, OBJECTS.gateway).status.readyReplicas === 2, 180);
    console.info(`the gateways were ready again ${Date.now() - began} ms after the store was wanted back`);
    await answering();
    expect(await used(session, greeting)).toBe('still here\n');
    expect(podOfSession(session).status.containerStatuses[0].restartCount).toBe(0);
    await used(session, 'await session.delete()');
  }, 300_000);
});

test('from claim to the first byte', async () => {
  const times: { readonly create: number; readonly firstByte: number; readonly next: number }[] = [];
  for (let round = 0; round < 5; round++) {
    await refilled(POOL);
    times.push(await inClient(`
      await alice.list().next();
      const start = performance.now();
      const session = await alice.createSession(place(input.pool));
      const create = performance.now() - start;
      for await (const event of session.stream(['/bin/echo', 'first'])) break;
      const firstByte = performance.now() - start;
      const before = performance.now();
      await session.execute(['/bin/true']);
      const next = performance.now() - before;
      await session.delete();
      return { create, firstByte, next };`, { pool: POOL }));
  }
  const median = (field: 'create' | 'firstByte' | 'next') => times.map((one) => one[field]).sort((a, b) => a - b)[2].toFixed(1);
  console.info(`medians of 5: created ${median('create')} ms, first byte ${median('firstByte')} ms, next command ${median('next')} ms`);
  expect(warmPods(POOL).length).toBeGreaterThan(0);
}, 600_000);
