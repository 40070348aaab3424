import { Fleet } from './fleet';
import { eventually as eventuallyAnswers, isOnPath } from '../store/servers';

const MISSING = { status: 404, body: { code: 'SESSION_NOT_FOUND' } };

(isOnPath('redis-server') ? describe : describe.skip)('an address that another session has by now, with redis-server at hand', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.open();
    await fleet.startPairs(0);
  }, 120_000);
  afterAll(() => fleet?.stop());

  /** A session whose only worker is this one, with a file that tells whose it is. */
  async function sessionOf(person: 'alice' | 'bob'): Promise<string> {
    const { body: { sessionId } } = await fleet.as(person).create();
    expect(await fleet.as(person).execute(sessionId, `echo ${person} > whose; cat whose`)).toMatchObject({ status: 200, body: { stdout: `${person}\n` } });
    return sessionId;
  }

  const whose = (person: 'alice' | 'bob', id: string, gateway: number) => fleet.as(person, gateway).execute(id, 'cat whose');

  test('a worker that has died gives nothing of its successor', async () => {
    const [worker] = await fleet.workers.add(1);
    const ofAlice = await sessionOf('alice');
    await worker.daemon.end('SIGKILL');
    await fleet.workers.reuse(worker.port);
    const ofBob = await sessionOf('bob');
    // Both gateways believe the old address, one after the other finds out.
    for (const gateway of [0, 1]) expect(await whose('alice', ofAlice, gateway)).toMatchObject(MISSING);
    for (const gateway of [0, 1]) expect(await whose('bob', ofBob, gateway)).toMatchObject({ status: 200, body: { stdout: 'bob\n' } });
    expect((await fleet.as('alice').ask('GET', '/v1/sessions')).body.sessions).toEqual([]);
    expect(await fleet.as('bob').end(ofBob)).toMatchObject({ status: 200 });
    expect(fleet.workers.left).toEqual({ workers: 0, claimed: 0 });
  }, 60_000);

  test('a store that comes back with old data serves nobody the session of somebody else', async () => {
    const [worker] = await fleet.workers.add(1);
    const ofAlice = await sessionOf('alice');
    await fleet.store.command('SAVE');
    expect(await fleet.as('alice').end(ofAlice)).toMatchObject({ status: 200 });
    await fleet.workers.reuse(worker.port);
    const ofBob = await sessionOf('bob');
    await fleet.store.kill();
    await fleet.store.launch();
    // The old record is back, and leads to where bob's session is now.
    const kept = await eventuallyAnswers(async () => {
      const answer = await fleet.as('alice').get(ofAlice);
      return answer.status === 503 ? undefined : answer;
    });
    expect(kept).toMatchObject({ status: 200, body: { status: 'ready', entryPoints: [{ endpoint: `127.0.0.1:${worker.port}` }] } });
    for (const gateway of [0, 1]) {
      const answer = await eventuallyAnswers(async () => {
        const one = await whose('alice', ofAlice, gateway);
        return one.status === 503 ? undefined : one;
      });
      expect(answer).toMatchObject(MISSING);
    }
    expect(await fleet.as('alice').get(ofAlice)).toMatchObject(MISSING);
    // The store knows nothing of it, so it is nobody's: neither whoever made it nor anybody else gets in.
    for (const person of ['alice', 'bob'] as const) expect(await whose(person, ofBob, 1)).toMatchObject(MISSING);
    expect(fleet.workers.left).toEqual({ workers: 1, claimed: 1 });
    await fleet.look(fleet.controllers[0]);
    expect(fleet.workers.left).toEqual({ workers: 0, claimed: 0 });
  }, 60_000);
});
