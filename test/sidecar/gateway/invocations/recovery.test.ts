import type { ControllerAnswer, ControllerRequest } from '../../../../sidecar/src/gateway/controller-client';
import { noSession } from '../../../../sidecar/src/gateway/invocations/session-lookup';
import { refuse } from '../../../../sidecar/src/server/http/sessions-errors';
import { freePort } from '../../../helpers/free-port';
import { OTHER_KEY } from '../../session/build-session';
import { living, longSleep } from '../../session/commands';
import { closeDaemons, realDaemon } from '../daemon';
import { ask, closeWorkers, dialled, ECHO, invoke, until, worker } from '../sockets';
import { BASE, closeWorlds, gateway, gatewayBefore, ID, type World } from '../world';

afterEach(async () => {
  await closeWorkers();
  await closeDaemons();
  await closeWorlds();
});

const OK: ControllerAnswer = { status: 200, body: {} };

/** Does what a recovery does, whatever that is in the test. */
const recovering = (recover: (world: World) => Promise<unknown>) => ({
  controls: async (_request: ControllerRequest, world: World): Promise<ControllerAnswer> => {
    await recover(world);
    return OK;
  },
});

const execute = (port: number, command: readonly string[], more = '') => invoke(port, '/api/execute', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ command, timeout: '60s', env: { MORE: more } }),
});

test('a command runs in the daemon of the session', async () => {
  const daemon = await realDaemon();
  await daemon.init();
  const { port } = await gatewayBefore(daemon.port);
  expect(await execute(port, ['echo', 'hi'])).toMatchObject({ status: 200, body: { stdout: 'hi\n', exit_code: 0 } });
});

test('a command ends when its client goes away', async () => {
  const daemon = await realDaemon();
  await daemon.init();
  const { port } = await gatewayBefore(daemon.port);
  const seconds = longSleep();
  const body = JSON.stringify({ command: ['sleep', seconds], timeout: '100000s' });
  const socket = await dialled(port, `POST ${BASE}/api/execute HTTP/1.1\r\nHost: x\r\nx-agentcube-session-id: ${ID}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await until(() => living(seconds).length === 1, 'the command');
  socket.destroy();
  await until(() => living(seconds).length === 0, 'the end of the command');
});

test('after a restart of the daemon the next command works', async () => {
  const daemon = await realDaemon();
  await daemon.init();
  const world = await gatewayBefore(daemon.port, recovering(() => restarted.init()));
  expect(await execute(world.port, ['true'])).toMatchObject({ status: 200 });
  await daemon.kill();
  const restarted = await realDaemon(daemon.port);
  expect(await execute(world.port, ['echo', 'again'])).toMatchObject({ status: 200, body: { stdout: 'again\n' } });
  expect(world.asked).toEqual([{ method: 'POST', path: `/v1/sessions/${ID}/recover`, behalf: 'admin', repeatable: true }]);
});

test('a body above 16 KiB is not sent twice after a restart: it is for later', async () => {
  const daemon = await realDaemon();
  const world = await gatewayBefore(daemon.port, recovering(() => daemon.init()));
  const long = 'x'.repeat(100_000);
  expect(await execute(world.port, ['true'], long)).toMatchObject({ status: 503, body: { code: 'SESSION_NOT_READY' }, headers: { 'retry-after': '1', 'x-agentcube-session-id': ID } });
  expect(await execute(world.port, ['true'], long)).toMatchObject({ status: 200 });
});

test('a daemon that stays without session is for later, and asked twice at most', async () => {
  const daemon = await realDaemon();
  const { port, asked } = await gatewayBefore(daemon.port, recovering(async () => undefined));
  expect(await execute(port, ['true'])).toMatchObject({ status: 503, body: { code: 'SESSION_NOT_READY' }, headers: { 'retry-after': '1' } });
  expect(asked).toHaveLength(1);
});

test('at an address that another session has by now, nothing of that one is reached', async () => {
  const other = await realDaemon();
  await other.init('5f1d5a0e-0b62-4b0b-9a3c-222222222222', OTHER_KEY.publicKey);
  const { port, asked } = await gatewayBefore(other.port, { controls: async () => { throw noSession(ID); } });
  const answer = await execute(port, ['cat', '/etc/hostname']);
  expect(answer).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
  expect(answer.body).not.toHaveProperty('stdout');
  expect(asked).toHaveLength(1);
});

test('the same is for later when the controller knows no better', async () => {
  const other = await realDaemon();
  await other.init('5f1d5a0e-0b62-4b0b-9a3c-222222222222', OTHER_KEY.publicKey);
  const { port } = await gatewayBefore(other.port, recovering(async () => undefined));
  expect(await execute(port, ['true'])).toMatchObject({ status: 503, body: { code: 'SESSION_NOT_READY' } });
});

test('a worker that has moved is asked at its new address', async () => {
  const dead = await freePort();
  const upstream = await worker(ECHO);
  const { port, session } = await gateway(recovering((world) => world.move(ID, upstream)));
  await session(dead);
  expect(await invoke(port, '/x', { method: 'POST', body: 'once' })).toMatchObject({ status: 200, body: { body: 'once' } });
});

test('a worker that nobody finds is unreachable', async () => {
  const { port, session, asked } = await gateway(recovering(async () => undefined));
  await session(await freePort());
  expect(await invoke(port)).toMatchObject({ status: 502, body: { code: 'SANDBOX_UNREACHABLE', error: 'sandbox unreachable' } });
  expect(asked).toHaveLength(1);
});

test('a worker that ends again at once is for later, and the controller is asked once in a second', async () => {
  const now = Date.now();
  const moving = recovering(async (world) => world.move(ID, await worker(ECHO)));
  const { port, session, asked } = await gateway({ ...moving, clock: () => now });
  await session(await freePort());
  expect(await invoke(port)).toMatchObject({ status: 200 });
  await closeWorkers();
  expect(await invoke(port)).toMatchObject({ status: 503, body: { code: 'SESSION_NOT_READY' }, headers: { 'retry-after': '1' } });
  expect(asked).toHaveLength(1);
});

test('requests at the same time are recovered once', async () => {
  const dead = await freePort();
  const { port, session, asked } = await gateway(recovering(async (world) => {
    await new Promise((next) => setTimeout(next, 50));
    await world.move(ID, await worker(ECHO));
  }));
  await session(dead);
  const answers = await Promise.all(Array.from({ length: 10 }, () => invoke(port)));
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect(asked).toHaveLength(1);
});

test('what the controller refuses is the answer', async () => {
  const { port, session } = await gateway({ controls: async () => { throw refuse('CONTROLLER_UNAVAILABLE', 'the controller does not answer', { retryAfterSeconds: 2 }); } });
  await session(await freePort());
  expect(await invoke(port)).toMatchObject({ status: 503, body: { code: 'CONTROLLER_UNAVAILABLE' }, headers: { 'retry-after': '2', 'x-agentcube-session-id': ID } });
});

test('an answer 401 or 503 of what is no daemon is passed on', async () => {
  let status = 401;
  const upstream = await worker((_asked, answer) => void answer.writeHead(status, { 'content-type': 'application/json', 'content-length': 15 }).end('{"code":"MINE"}'));
  const { port } = await gatewayBefore(upstream);
  expect(await invoke(port)).toMatchObject({ status: 401, body: { code: 'MINE' } });
  status = 503;
  expect(await invoke(port)).toMatchObject({ status: 503, body: { code: 'MINE' } });
});

test('a session that was removed through the gateway is not reached any more', async () => {
  const { port, session, store } = await gateway({
    controls: async () => {
      await store.remove(ID);
      return { status: 200, body: { message: 'Sandbox deleted successfully' } };
    },
  });
  await session(await worker(ECHO));
  expect(await invoke(port)).toMatchObject({ status: 200 });
  expect(await ask(port, `/v1/sessions/${ID}`, { method: 'DELETE' })).toMatchObject({ status: 200 });
  expect(await invoke(port)).toMatchObject({ status: 404 });
});
