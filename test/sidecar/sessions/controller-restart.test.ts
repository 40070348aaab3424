import { readdirSync, readFileSync } from 'node:fs';
import { Fleet } from './fleet';
import { eventually } from '../../helpers/temp-folder';
import { living, longSleep } from '../session/commands';
import { isOnPath } from '../store/servers';

const AWAY = { status: 503, body: { code: 'CONTROLLER_UNAVAILABLE' }, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } };
const MISSING = { status: 404, body: { code: 'SESSION_NOT_FOUND' } };

(isOnPath('redis-server') ? describe : describe.skip)('a controller with processes as workers, with redis-server at hand', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.open();
    await fleet.startController();
    await fleet.startGateway();
  }, 120_000);
  afterAll(() => fleet?.stop());

  /** Processes that have their home in a workspace. */
  function inWorkspaces(): string[] {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && told(name, 'environ').includes(`HOME=${fleet.file('state')}/workspaces/`));
  }

  const atWork = () => inWorkspaces().length;
  const daemons = () => inWorkspaces().filter((name) => told(name, 'cmdline').includes('session.mjs'));

  test('that is killed takes its workers with it, says so by codes, and begins anew', async () => {
    const { body: { sessionId } } = await fleet.as('alice').create();
    const seconds = longSleep();
    expect(daemons()).not.toEqual([]);
    expect(await fleet.as('alice').execute(sessionId, `nohup sleep ${seconds} >/dev/null 2>&1 & echo begun`)).toMatchObject({ status: 200 });
    // While the worker has lines of its log to write, which nobody reads any more.
    await fleet.kill(fleet.controllers[0]);
    // What a command has left behind without helper is found by the next controller.
    await eventually(() => daemons().length === 0);

    const alice = fleet.as('alice');
    const answers = await Promise.all([alice.create(), alice.create({}, { 'idempotency-key': 'k' }), alice.get(sessionId), alice.end(sessionId), alice.execute(sessionId, 'true'), alice.execute(undefined, 'true')]);
    for (const answer of answers) expect(answer).toMatchObject(AWAY);
    // Its sessions are told apart all the same.
    expect(await fleet.as('bob').execute(sessionId, 'true')).toMatchObject(MISSING);

    await fleet.startController();
    expect(living(seconds)).toEqual([]);
    expect(await fleet.as('alice').execute(sessionId, 'true')).toMatchObject(MISSING);
    expect(await fleet.as('alice').get(sessionId)).toMatchObject(MISSING);
    const again = await fleet.as('alice').create({}, { 'idempotency-key': 'k' });
    expect(again).toMatchObject({ status: 200 });
    expect(await fleet.as('alice').execute(again.body.sessionId, 'echo here')).toMatchObject({ status: 200, body: { stdout: 'here\n' } });
    expect(await fleet.as('alice').end(again.body.sessionId)).toMatchObject({ status: 200 });
  }, 90_000);

  test('that is told to end ends its workers, and what waits in the gateway is told so', async () => {
    const controller = fleet.controllers[fleet.controllers.length - 1];
    const { body: { sessionId } } = await fleet.as('alice').create();
    expect(await controller.end('SIGTERM')).toBe(0);
    expect(atWork()).toBe(0);
    expect(await fleet.as('alice').execute(sessionId, 'true')).toMatchObject(AWAY);
  }, 60_000);
});

function told(pid: string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
