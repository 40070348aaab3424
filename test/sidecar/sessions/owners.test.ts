import fc from 'fast-check';
import { Answer, GatewayClient, untilReady } from './client';
import { Pairs } from './pairs';
import { tempFolder } from '../../helpers/temp-folder';
import { isOnPath, TestServer } from '../store/servers';

const PEOPLE = ['alice', 'bob'] as const;

/** What somebody does through one of the gateways, to one of the sessions that there have ever been. */
interface Act {
  readonly what: 'create' | 'execute' | 'get' | 'extend' | 'end' | 'list' | 'restart';
  readonly who: (typeof PEOPLE)[number];
  readonly gateway: number;
  readonly target: number;
}

const acts: fc.Arbitrary<Act> = fc.record({
  what: fc.constantFrom('create', 'create', 'execute', 'execute', 'execute', 'get', 'extend', 'end', 'list', 'restart'),
  who: fc.constantFrom(...PEOPLE),
  gateway: fc.nat(1),
  target: fc.nat(20),
});

interface Known {
  readonly id: string;
  readonly owner: string;
  /** In the environment of its commands alone. */
  readonly canary: string;
  ended: boolean;
}

/** One by one groups of acts, each group at the same time. */
class Play {
  readonly sessions: Known[] = [];

  constructor(private readonly pairs: Pairs) {}

  async group(group: readonly Act[]): Promise<void> {
    const before = [...this.sessions];
    const touched = new Set(group.filter(({ what }) => what === 'end' || what === 'restart').map((act) => this.targetOf(act, before)));
    await Promise.all(group.map((act) => this.act(act, before, touched)));
  }

  private async act(act: Act, before: readonly Known[], touched: ReadonlySet<Known | undefined>): Promise<void> {
    const { what, who, gateway } = act;
    const client = this.pairs.as(who, gateway);
    if (what === 'create') return this.create(client, who);
    if (what === 'list') return this.list(client, who, before, touched);
    const target = this.targetOf(act, before);
    if (target === undefined) return;
    if (what === 'restart') return this.pairs.workers.restart(target.id);
    // It may be ended while the answer is on its way.
    const wasEnded = target.ended;
    // A daemon that restarts again within a second is for later, and nothing was done then.
    const ask = () => asked(client, what, target.id);
    const answer = await (touched.has(target) ? ask() : untilReady(ask));
    if (target.owner !== who || wasEnded) return expect(answer).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
    if (what === 'end' && answer.status === 200) target.ended = true;
    if (!touched.has(target) || answer.status === 200) expect(answer).toMatchObject({ status: 200 });
    else expect([404, 409, 502, 503]).toContain(answer.status);
    if (what === 'execute' && answer.status === 200) expect(answer.body.stdout).toBe(`${target.canary}\n`);
    if (what === 'get' && answer.status === 200) expect(answer.body.ownerId).toBe(who);
  }

  private async create(client: GatewayClient, owner: string): Promise<void> {
    const canary = `${owner}-${this.sessions.length}-${Math.random()}`;
    const { status, body } = await client.create({ env: { CANARY: canary } });
    expect({ status, owner: body.ownerId }).toEqual({ status: 200, owner });
    expect(this.sessions.map(({ id }) => id)).not.toContain(body.sessionId);
    this.sessions.push({ id: body.sessionId, owner, canary, ended: false });
  }

  private async list(client: GatewayClient, who: string, before: readonly Known[], touched: ReadonlySet<Known | undefined>): Promise<void> {
    const { status, body } = await client.ask('GET', '/v1/sessions');
    expect(status).toBe(200);
    const listed: readonly string[] = body.sessions.map(({ sessionId }: { sessionId: string }) => sessionId);
    expect(body.sessions.every(({ ownerId }: { ownerId: string }) => ownerId === who)).toBe(true);
    const sure = before.filter((one) => one.owner === who && !one.ended && !touched.has(one)).map(({ id }) => id);
    expect(listed).toEqual(expect.arrayContaining(sure));
  }

  private targetOf({ target }: Act, before: readonly Known[]): Known | undefined {
    return before[target % Math.max(before.length, 1)];
  }
}

function asked(client: GatewayClient, what: 'execute' | 'get' | 'extend' | 'end', id: string): Promise<Answer> {
  switch (what) {
    case 'execute': return client.execute(id, 'echo $CANARY');
    case 'get': return client.get(id);
    case 'extend': return client.ask('POST', `/v1/sessions/${id}/extend`, { body: { ttl: 1800 } });
    case 'end': return client.end(id);
  }
}

(isOnPath('redis-server') ? describe : describe.skip)('two owners at two gateways and two controllers, with redis-server at hand', () => {
  const folder = tempFolder();
  let store: TestServer;
  let pairs: Pairs;

  beforeAll(async () => {
    store = await TestServer.start('redis-server');
    pairs = await Pairs.open(store.url, folder);
  }, 60_000);
  afterAll(async () => {
    await pairs?.close();
    await store?.stop();
  });

  test('never reach a session of each other, nor one that has ended, whatever they do at the same time', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(acts, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 12 }), async (groups) => {
      const play = new Play(pairs);
      for (const group of groups) await play.group(group);
      const left = play.sessions.filter(({ ended }) => !ended);
      await Promise.all(left.map(({ id, owner }) => pairs.as(owner, 0).end(id)));
      expect(await pairs.workers.claimed()).toEqual([]);
    }), { numRuns: 6, endOnFailure: true });
  }, 120_000);
});
