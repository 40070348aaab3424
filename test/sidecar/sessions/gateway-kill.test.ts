import { answerOf, INVOCATIONS, sessionHeader } from './client';
import { Fleet } from './fleet';
import { eventually } from '../../helpers/temp-folder';
import { living, longSleep } from '../session/commands';
import { isOnPath } from '../store/servers';

(isOnPath('redis-server') ? describe : describe.skip)('two gateways with redis-server at hand', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.open();
    await fleet.startPairs(2);
  }, 120_000);
  afterAll(() => fleet?.stop());

  test('a command ends with the gateway that is killed amid its stream, and the other one serves the session', async () => {
    const { body: { sessionId } } = await fleet.as('alice').create();
    const seconds = longSleep();
    const stream = await fleet.as('alice').open('POST', `${INVOCATIONS}/api/execute`, {
      headers: { accept: 'text/event-stream', ...sessionHeader(sessionId) }, body: { command: ['sh', '-c', `echo early; sleep ${seconds}`], timeout: '100000s' },
    });
    let seen = '';
    const cut = new Promise((resolve) => stream.on('data', (chunk) => { seen += String(chunk); }).on('error', resolve).on('end', () => resolve(undefined)));
    await eventually(() => seen.includes('early') && living(seconds).length === 1);
    await fleet.gateways[0].end('SIGKILL');
    // A stream that was cut off must not look like one that came to its end.
    expect(await cut).toMatchObject({ code: 'ECONNRESET' });
    expect(seen).not.toContain('event: exit');
    await eventually(() => living(seconds).length === 0);
    expect(await fleet.as('alice', 1).execute(sessionId, 'echo here')).toMatchObject({ status: 200, body: { stdout: 'here\n' } });
    expect(await fleet.as('bob', 1).execute(sessionId, 'echo here')).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
    await fleet.as('alice', 1).end(sessionId);
  }, 60_000);

  test('a session that was created on first use by a gateway that is killed then is found by its owner', async () => {
    await fleet.workers.add(1);
    const gateway = await fleet.startGateway();
    const at = fleet.gateways.indexOf(gateway);
    const seconds = longSleep();
    const body = { command: ['sleep', seconds], timeout: '100000s' };
    const asked = fleet.as('bob', at).open('POST', `${INVOCATIONS}/api/execute`, { body }).then(answerOf).catch(() => 'nothing');
    await eventually(() => living(seconds).length === 1);
    await gateway.end('SIGKILL');
    expect(await asked).toBe('nothing');
    await eventually(() => living(seconds).length === 0);
    const { body: { sessions } } = await fleet.as('bob', 1).ask('GET', '/v1/sessions');
    // Whoever was not told its id finds it by its owner.
    expect(sessions).toMatchObject([{ ownerId: 'api-key:bob', status: 'ready' }]);
    expect(await fleet.as('bob', 1).end(sessions[0].sessionId)).toMatchObject({ status: 200 });
  }, 60_000);
});
