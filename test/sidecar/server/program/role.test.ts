import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { readEnvironment } from '../../../../sidecar/src/server/program/config';
import { openRole, type OpenRole, type StartedRole, type Wait } from '../../../../sidecar/src/server/program/role';
import { COMMON_ENV } from '../../../../src/protocol/env';
import { capturedLog, testServer } from '../frame';

const LOOPBACK = { port: 0, host: '127.0.0.1', isLoopback: true };
const agent = new Agent({ keepAlive: true });
/** A connection of its own, so that nothing is left of an earlier one. */
const ANEW = { agent: false } as const;
const opened: OpenRole[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((role) => role.close()));
  agent.destroy();
});

interface Answer { readonly status: number; readonly connection?: string; readonly body: string }

function get(address: string, path: string, options: { agent: Agent | false } = { agent }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(`http://${address}${path}`, options, (response) => {
      let body = '';
      response.on('data', (chunk) => body += String(chunk));
      response.on('end', () => resolve({ status: response.statusCode!, connection: response.headers.connection, body }));
    }).on('error', reject).end();
  });
}

/** A promise and the function that fulfils it. */
function gate<T = void>() {
  let pass!: (value: T) => void;
  const passed = new Promise<T>((resolve) => pass = resolve);
  return { passed, open: pass };
}

async function open(started: Partial<StartedRole> = {}, { drain = '0', wait = (() => Promise.resolve()) as Wait } = {}) {
  const app = testServer();
  const events: string[] = [];
  app.addHook('onResponse', (asking, _reply, done) => {
    events.push(`answered ${asking.url}`);
    done();
  });
  const asked = gate();
  const answer = gate<string>();
  app.get('/slow', () => {
    asked.open();
    return answer.passed;
  });
  const config = readEnvironment(COMMON_ENV, { ADMIN_LISTEN: '127.0.0.1:0', DRAIN_SECONDS: drain });
  const role = await openRole({
    role: 'test', table: COMMON_ENV, start: () => Promise.resolve({ servers: [{ name: 'api', app, listen: LOOPBACK }], ...started }),
  }, config, capturedLog().log, wait);
  return { role, asked, answer, events, ...role.addresses as { api: string; admin: string } };
}

describe('readiness', () => {
  test('begins when everything listens', async () => {
    const ready = gate();
    const starting = gate<string>();
    const config = readEnvironment(COMMON_ENV, { ADMIN_LISTEN: '127.0.0.1:0' });
    const log = capturedLog();
    const opening = openRole({
      role: 'test',
      table: COMMON_ENV,
      start: async (context) => {
        starting.open(log.lines()[0].msg.split('//')[1]);
        await ready.passed;
        expect(context.config).toBe(config);
        return { servers: [] };
      },
    }, config, log.log, () => Promise.resolve());
    const admin = await starting.passed;
    expect(await get(admin, '/livez')).toMatchObject({ status: 200 });
    expect(await get(admin, '/readyz')).toMatchObject({ status: 503, body: 'starting' });
    ready.open();
    opened.push(await opening);
    expect(await get(admin, '/readyz')).toMatchObject({ status: 200 });
  });

  test('follows what the role says of itself', async () => {
    const state: { reason?: string } = { reason: 'no catalog yet' };
    const { role, admin, api } = await open({ unready: () => state.reason });
    opened.push(role);
    expect(await get(admin, '/readyz')).toMatchObject({ status: 503, body: 'no catalog yet' });
    expect(await get(api, '/runs/a')).toMatchObject({ status: 200 });
    state.reason = undefined;
    expect(await get(admin, '/readyz')).toMatchObject({ status: 200 });
  });

  test('ends at once when closing, while everything is still answered and clients are sent elsewhere', async () => {
    const waited = gate<number>();
    const over = gate();
    const { role, admin, api } = await open({}, {
      drain: '5',
      wait: (milliseconds) => {
        waited.open(milliseconds);
        return over.passed;
      },
    });
    expect(await get(api, '/runs/a')).toMatchObject({ status: 200, connection: 'keep-alive' });
    const closing = role.close();
    expect(await waited.passed).toBe(5000);
    expect(await get(admin, '/readyz')).toMatchObject({ status: 503, body: 'closing' });
    expect(await get(api, '/runs/a')).toMatchObject({ status: 200, connection: 'close' });
    over.open();
    await closing;
    await expect(get(api, '/runs/a', ANEW)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('closing', () => {
  test('lets an answer that is being made end, closes idle connections, and then what the role used', async () => {
    const close = jest.fn(() => Promise.resolve(void events.push('role closed')));
    const { role, api, asked, answer, events } = await open({ close });
    await get(api, '/runs/a');
    const [host, port] = api.split(':');
    const silent = connect(Number(port), host);
    const silentGone = new Promise((resolve) => silent.on('close', resolve));
    await once(silent, 'connect');
    const slow = get(api, '/slow');
    await asked.passed;
    const closing = role.close().then(() => events.push('closed'));
    await silentGone;
    expect(events).toEqual(['answered /runs/a']);
    answer.open('late');
    expect(await slow).toEqual({ status: 200, connection: 'close', body: 'late' });
    await closing;
    expect(events).toEqual(['answered /runs/a', 'answered /slow', 'role closed', 'closed']);
  });

  test('needs no more than a moment with idle connections open', async () => {
    const { role, api, admin } = await open();
    await Promise.all([get(api, '/runs/a'), get(api, '/runs/b'), get(admin, '/livez')]);
    // Node would wait for the keep-alive time-out, which is longer than any test may take.
    await role.close();
    await expect(get(admin, '/livez', ANEW)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a start that fails', () => {
  const common = (admin = '127.0.0.1:0') => readEnvironment(COMMON_ENV, { ADMIN_LISTEN: admin });
  const wait: Wait = () => Promise.resolve();

  test('leaves nothing listening', async () => {
    const { log, lines } = capturedLog();
    const failing = openRole({ role: 'test', table: COMMON_ENV, start: () => Promise.reject(new Error('no state folder')) }, common(), log, wait);
    await expect(failing).rejects.toThrow('no state folder');
    await expect(get(lines()[0].msg.split('//')[1], '/livez', ANEW)).rejects.toThrow('ECONNREFUSED');
  });

  test('because a port is taken closes what the role has opened', async () => {
    const { role, admin } = await open();
    opened.push(role);
    const close = jest.fn(() => Promise.resolve());
    const [host, port] = admin.split(':');
    const taken = { port: Number(port), host, isLoopback: true };
    const failing = openRole({
      role: 'test', table: COMMON_ENV, start: () => Promise.resolve({ servers: [{ name: 'api', app: testServer(), listen: taken }], close }),
    }, common(), capturedLog().log, wait);
    await expect(failing).rejects.toThrow('EADDRINUSE');
    expect(close).toHaveBeenCalledTimes(1);
  });
});

test.each([{ port: 0, isLoopback: false }, { host: 'localhost', port: 0, isLoopback: true }])('%j is reached over 127.0.0.1', async (listen) => {
  const role = await openRole({
    role: 'test', table: COMMON_ENV, start: () => Promise.resolve({ servers: [{ name: 'api', app: testServer(), listen }] }),
  }, readEnvironment(COMMON_ENV, { ADMIN_LISTEN: '127.0.0.1:0' }), capturedLog().log, () => Promise.resolve());
  opened.push(role);
  expect(await get(`127.0.0.1:${role.addresses.api.split(':').at(-1)}`, '/runs/a')).toMatchObject({ status: 200 });
});
