import { Fleet } from './fleet';
import { eventually } from '../../helpers/temp-folder';
import { isOnPath } from '../store/servers';

const KEY = { 'idempotency-key': 'once' };

(isOnPath('redis-server') ? describe : describe.skip)('a controller that is killed with redis-server at hand', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.open();
    await fleet.startPairs(4);
  }, 120_000);
  afterAll(() => fleet?.stop());

  /** Kills the controller in front once it has got as far as that with a creation of alice, and puts another one behind. */
  async function killedAt(point: 'claim' | 'init') {
    const goOn = fleet.stopAt(point);
    const [first, second] = fleet.controllers.slice(-2);
    const answer = fleet.as('alice').create({ env: { CANARY: point } }, KEY);
    await eventually(() => first.output.includes(`"point":"${point}"`));
    goOn();
    await fleet.kill(first);
    return { answer: await answer, second };
  }

  test.each(['claim', 'init'] as const)('after %s of a creation leaks no worker, and the creation can be repeated', async (point) => {
    const before = fleet.workers.left;
    const { answer, second } = await killedAt(point);
    // The gateway has asked the other one, which waits for whoever has begun.
    expect(answer).toMatchObject({ status: 503, body: { code: 'SESSION_NOT_READY' }, headers: { 'retry-after': '1' } });
    expect(fleet.workers.left.claimed).toBe(before.claimed + 1);
    expect((await fleet.as('alice').ask('GET', '/v1/sessions')).body.sessions.map(({ status }: { status: string }) => status)).toContain('creating');

    await fleet.look(second);
    expect(fleet.workers.left).toEqual({ workers: before.workers - 1, claimed: before.claimed });

    const again = await fleet.as('alice', 1).create({ env: { CANARY: point } }, KEY);
    expect(again).toMatchObject({ status: 200, body: { ownerId: 'api-key:alice' } });
    expect(await fleet.as('alice').execute(again.body.sessionId, 'echo $CANARY')).toMatchObject({ status: 200, body: { stdout: `${point}\n` } });
    expect((await fleet.as('alice').create({ env: { CANARY: point } }, KEY)).body.sessionId).toBe(again.body.sessionId);
    expect(await fleet.as('alice').end(again.body.sessionId)).toMatchObject({ status: 200 });
    await fleet.startShared();
  }, 120_000);
});
