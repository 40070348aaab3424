import fc from 'fast-check';
import { ALICE, BOB, controllerOver, Headers, TestController } from './world';
import { isAlive } from '../../../sidecar/src/controller/sessions/session-view';

/** What was answered: which sessions there were ever, and whose they are. */
interface Model {
  readonly known: { readonly id: string; readonly owner: string }[];
}

type Step = fc.AsyncCommand<Model, TestController>;

const HEADERS: Readonly<Record<string, Headers>> = { alice: ALICE, bob: BOB };
const POOLS = ['python', 'online'];

/** Whatever was done, this is true. */
async function check(one: TestController): Promise<void> {
  const records = (await one.records()).map(({ record }) => record);
  for (const { id, phase, worker } of records) {
    const serving = one.provider.of(id);
    expect(serving.length).toBeLessThanOrEqual(1);
    // Nobody is led to a worker that is not the session's.
    if (phase === 'ready' && serving.length > 0) expect(serving[0].worker.podUid).toBe(worker!.podUid);
  }
  const keyed = records.filter((record) => record.fingerprint !== undefined && isAlive(record, one.world.now)).map(({ owner, name }) => `${owner} ${name}`);
  expect(new Set(keyed).size).toBe(keyed.length);
}

const step = (text: string, run: Step['run'], when: Step['check'] = () => true): Step => ({
  check: when,
  run: async (model, one) => {
    await run(model, one);
    await check(one);
  },
  toString: () => text,
});

const create = (owner: string, pool: number, keyed: boolean): Step => step(`create by ${owner} of ${POOLS[pool]}${keyed ? ' with a key' : ''}`, async (model, one) => {
  const { status, body } = await one.create({ name: POOLS[pool] }, { ...HEADERS[owner], ...(keyed ? { 'idempotency-key': 'k' } : {}) });
  expect([200, 409, 502, 503]).toContain(status);
  if (status !== 200) return;
  expect((await one.store.get(body.sessionId))!.record).toMatchObject({ phase: 'ready', owner });
  if (!model.known.some(({ id }) => id === body.sessionId)) model.known.push({ id: body.sessionId, owner });
});

const together = (owner: string): Step => step(`two creates at once by ${owner} with one key`, async (model, one) => {
  const answers = await Promise.all([1, 2].map(() => one.create({ name: 'python' }, { ...HEADERS[owner], 'idempotency-key': 'k' })));
  const ids = [...new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.sessionId as string))];
  expect(ids.length).toBeLessThanOrEqual(1);
  model.known.push(...ids.filter((id) => !model.known.some((other) => other.id === id)).map((id) => ({ id, owner })));
});

const USES = {
  show: (one: TestController, id: string, headers: Headers) => one.send('GET', `/v1/sessions/${id}`, undefined, headers),
  end: (one: TestController, id: string, headers: Headers) => one.send('DELETE', `/v1/sessions/${id}`, undefined, headers),
  extend: (one: TestController, id: string, headers: Headers) => one.send('POST', `/v1/sessions/${id}/extend`, { ttl: 1800 }, headers),
  recover: (one: TestController, id: string, headers: Headers) => one.send('POST', `/v1/sessions/${id}/recover`, undefined, headers),
};

const use = (what: keyof typeof USES, which: number, by: string): Step => step(`${what} ${which} by ${by}`, async ({ known }, one) => {
  const { id, owner } = known[which % known.length];
  const before = (await one.store.get(id))?.record;
  const { status } = await USES[what](one, id, HEADERS[by]);
  const after = (await one.store.get(id))?.record;
  if (owner !== by) {
    expect([404, 503]).toContain(status);
    expect(after).toEqual(before);
  }
  if (before === undefined) expect([404, 503]).toContain(status);
  if (what === 'extend' && before !== undefined) expect(after!.expiresAt).toBeGreaterThanOrEqual(before.expiresAt);
  if (what === 'end' && status === 200) expect([after, one.provider.of(id)]).toEqual([undefined, []]);
}, ({ known }) => known.length > 0);

const nth = (one: TestController, which: number) => one.provider.busy()[which % Math.max(1, one.provider.busy().length)];

const restarted = (which: number): Step => step(`restart of worker ${which}`, async (_model, one) => {
  const worker = nth(one, which);
  if (worker !== undefined) one.provider.restart(worker);
});

const lost = (which: number): Step => step(`loss of worker ${which}`, async (_model, one) => {
  const worker = nth(one, which);
  if (worker !== undefined) one.provider.workers.splice(one.provider.workers.indexOf(worker), 1);
});

const filled = step('the pools are filled', async (_model, one) => POOLS.forEach((pool) => one.provider.add('team-a', pool)));
const faulty = (at: number, when: 'before' | 'after'): Step => step(`a fault ${when} call ${at}`, async (_model, one) => one.faults.arm({ at, when }));
const later = (minutes: number): Step => step(`${minutes} min later`, async (_model, one) => { one.world.now += minutes * 60_000; });
const ticked = step('tick', (_model, one) => one.tick());
const rested = step('rest', (_model, one) => one.settled());

const owner = fc.constantFrom('alice', 'bob');
const which = fc.nat(9);

const STEPS = [
  fc.tuple(owner, fc.nat(1), fc.boolean()).map((args) => create(...args)),
  owner.map(together),
  fc.tuple(fc.constantFrom<keyof typeof USES>('show', 'end', 'extend', 'recover'), which, owner).map((args) => use(...args)),
  fc.tuple(fc.nat(14), fc.constantFrom<'before' | 'after'>('before', 'after')).map((args) => faulty(...args)),
  which.map(restarted),
  which.map(lost),
  fc.constant(filled),
  fc.constantFrom(1, 6, 20, 70).map(later),
  fc.constant(ticked),
  fc.constant(rested),
];

test('whatever happens in whatever order, sessions are their owners\' alone, and in the end nothing is left of any', async () => {
  await fc.assert(fc.asyncProperty(fc.commands(STEPS, { maxCommands: 30 }), async (steps) => {
    const one = controllerOver({ workers: 2 });
    await fc.asyncModelRun(() => ({ model: { known: [] }, real: one }), steps);
    one.faults.arm(undefined);
    await one.settled();
    one.world.now += 9 * 3_600_000;
    await one.tick();
    await one.tick();
    expect([await one.records(), one.provider.busy()]).toEqual([[], []]);
    await one.app.close();
  }), { numRuns: 60 });
}, 120_000);
