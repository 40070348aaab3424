import { Answer, GatewayClient } from './client';
import { Fleet } from './fleet';
import { isOnPath } from '../store/servers';

(isOnPath('redis-server') ? describe : describe.skip)('two controllers with redis-server at hand', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.open();
    // Whoever comes second waits for the first one's creation, however busy the machine is.
    await fleet.startPairs(2, { HASTE: '1' });
    // Each gateway has a controller of its own, so that both are asked.
    const [, second] = fleet.controllers;
    await fleet.startGateway({ CONTROLLER_URL: `http://${second.addresses.controller}` });
  }, 120_000);
  afterAll(() => fleet?.stop());

  const creations = (count: number, create: (client: GatewayClient, at: number) => Promise<Answer>): Promise<readonly Answer[]> =>
    Promise.all(Array.from({ length: count }, (_, at) => create(fleet.as('alice', at % 2 === 0 ? 0 : 2), at)));

  test('make one session of one idempotency key, whoever is asked', async () => {
    const answers = await creations(20, (client) => client.create({ metadata: { a: '1' } }, { 'idempotency-key': 'same' }));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.sessionId)).size).toBe(1);
    expect(fleet.workers.left).toEqual({ workers: 2, claimed: 1 });
    expect(await fleet.as('alice', 2).create({ metadata: { a: '2' } }, { 'idempotency-key': 'same' })).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_MISMATCH' } });
    const { sessionId } = answers[0].body;
    expect(await fleet.as('alice', 2).execute(sessionId, 'echo one')).toMatchObject({ status: 200 });
    // Ended at one of them, it is not there at the other.
    expect(await fleet.as('alice', 2).end(sessionId)).toMatchObject({ status: 200 });
    expect(await fleet.as('alice', 0).get(sessionId)).toMatchObject({ status: 404 });
    expect(await fleet.as('alice', 0).end(sessionId)).toMatchObject({ status: 404 });
  }, 60_000);

  test('give a worker to one of many who want it, and everybody else comes again later', async () => {
    expect(fleet.workers.left).toEqual({ workers: 1, claimed: 0 });
    const answers = await creations(30, (client) => client.create());
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    for (const answer of answers) {
      if (answer !== winners[0]) expect(answer).toMatchObject({ status: 503, body: { code: 'POOL_EMPTY' }, headers: { 'retry-after': '5' } });
    }
    const { sessionId } = winners[0].body;
    expect(await fleet.as('alice').execute(sessionId, 'echo won')).toMatchObject({ status: 200, body: { stdout: 'won\n' } });
    expect((await fleet.as('alice').ask('GET', '/v1/sessions')).body.sessions.map(({ sessionId: id }: { sessionId: string }) => id)).toContain(sessionId);
    expect(await fleet.as('alice', 2).end(sessionId)).toMatchObject({ status: 200 });
    expect(fleet.workers.left).toEqual({ workers: 0, claimed: 0 });
  }, 60_000);
});
