import * as fc from 'fast-check';
import { factsOf, holderOf, MINUTE, POOL, runNamed } from './facts';
import { MemorySlotStore } from './memory-slot-store';
import { SlotLeases } from '../../../../sidecar/src/broker/slots/slot-lease';
import type { SlotStore } from '../../../../sidecar/src/broker/slots/slot-store';
import { refusalOf, T0 } from '../example-grants';

const TTL = 15 * MINUTE;
const BROKERS = 3;
/** How far the clock of each broker is ahead. */
const AHEAD = [0, 2 * MINUTE, 5 * MINUTE];
const RUNS = ['r1', 'r2', 'r3', 'r4', 'r5'];

type Step =
  /** `sees`: whether the broker's view of runs has everything that was leased in the last minutes. */
  | { readonly do: 'take' | 'keep'; readonly broker: number; readonly run: string; readonly sees: boolean }
  | { readonly do: 'end'; readonly run: string }
  | { readonly do: 'kill'; readonly broker: number }
  /** Some minutes, in which every request that is under way ends. */
  | { readonly do: 'wait'; readonly minutes: number }
  /** Something that is under way gets further. */
  | { readonly do: 'pass' };

const broker = fc.nat(BROKERS - 1);
const run = fc.constantFrom(...RUNS);
const steps = fc.array(fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('take' as const), broker, run, sees: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('keep' as const), broker, run, sees: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), run }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill' as const), broker }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(1, 4, 10) }) },
  { weight: 16, arbitrary: fc.record({ do: fc.constant('pass' as const) }) },
), { minLength: 10, maxLength: 100 });

/** Lets every promise that can go on do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function finish(scheduler: fc.Scheduler): Promise<void> {
  while (scheduler.count() > 0) {
    await scheduler.waitOne();
    await settle();
  }
}

/** Three brokers that share a store; whatever they do takes its time, and a killed one does nothing more. */
class Fleet {
  public now = T0;
  public readonly answers: string[] = [];
  private readonly store = new MemorySlotStore();
  private readonly lives = Array.from({ length: BROKERS }, () => this.start());
  private readonly ended = new Set<string>();
  private readonly lastLeased = new Map<string, number>();
  /** What runs were answered: slot and end. */
  private readonly leases = new Map<string, { readonly slot: string; readonly until: number }[]>();

  constructor(private readonly scheduler: fc.Scheduler) {}

  public async take(step: Extract<Step, { broker: number; run: string }>): Promise<void> {
    const now = this.now + AHEAD[step.broker];
    const runs = RUNS.filter((one) => step.sees || this.now - (this.lastLeased.get(one) ?? -Infinity) > 2 * MINUTE);
    const facts = factsOf(runs.map((one) => runNamed(one, { phase: this.ended.has(one) ? 'Failed' : 'Running' })), now);
    const lease = await this.lives[step.broker].leases[step.do](POOL, holderOf(step.run, now + TTL), facts);
    if (lease !== undefined) this.answered(step.run, lease.name, now + TTL);
  }

  public end(one: string): void {
    this.ended.add(one);
  }

  public kill(index: number): void {
    this.lives[index].life.over = true;
    this.lives[index] = this.start();
  }

  /** A run that has ended never asks again; a later run of its name has another UID. */
  public asks(one: string): boolean {
    return !this.ended.has(one);
  }

  private answered(one: string, slot: string, until: number): void {
    this.lastLeased.set(one, this.now);
    this.leases.set(one, [...this.leases.get(one) ?? [], { slot, until }]);
    this.answers.push(slot);
    for (const [other, leases] of this.leases) {
      if (other === one || this.ended.has(other) || this.ended.has(one) || until <= this.now) continue;
      if (leases.some((lease) => lease.slot === slot && lease.until > this.now)) throw new Error(`${one} and ${other} have ${slot}`);
    }
  }

  private start() {
    const life = { over: false };
    const pass = async <T>(value: T): Promise<T> => {
      await this.scheduler.schedule(Promise.resolve());
      return life.over ? new Promise<T>(() => undefined) : value;
    };
    const store: SlotStore = {
      read: async () => pass(await this.store.read()),
      write: async (version, slots) => {
        await pass(undefined);
        return pass(await this.store.write(version, slots));
      },
    };
    return { life, leases: new SlotLeases(store) };
  }
}

test('no slot is ever with two runs, however three brokers are interleaved, lag behind, have clocks that differ and are killed', async () => {
  let leased = 0;
  await fc.assert(fc.asyncProperty(fc.scheduler(), steps, async (scheduler, list) => {
    const fleet = new Fleet(scheduler);
    let problem: unknown;
    for (const step of [...list, { do: 'wait' as const, minutes: 10 }]) {
      if (step.do === 'wait') {
        await finish(scheduler);
        fleet.now += step.minutes * MINUTE;
      }
      if (step.do === 'end') fleet.end(step.run);
      if (step.do === 'kill') fleet.kill(step.broker);
      if ('sees' in step && fleet.asks(step.run)) fleet.take(step).catch((error: unknown) => { problem ??= error; });
      if (step.do === 'pass' && scheduler.count() > 0) await scheduler.waitOne();
      await settle();
    }
    leased += fleet.answers.length;
    expect(problem).toBeUndefined();
  }), { numRuns: 400 });
  expect(leased).toBeGreaterThan(1000);
});

test('many requests at once get all slots of the pool, each once', async () => {
  const store = new MemorySlotStore();
  const leases = Array.from({ length: BROKERS }, () => new SlotLeases(store));
  const facts = factsOf(RUNS.map((one) => runNamed(one)));
  const taken = await Promise.all(RUNS.map((one, index) => leases[index % BROKERS].take(POOL, holderOf(one), facts)));
  expect(taken.map((one) => one?.name).filter((name) => name !== undefined).sort()).toEqual([...POOL].sort());
  expect(taken.filter((one) => one === undefined)).toHaveLength(RUNS.length - POOL.length);
});

test('a broker that starts anew knows every lease of the one before', async () => {
  const store = new MemorySlotStore();
  const facts = factsOf(RUNS.map((one) => runNamed(one)));
  await new SlotLeases(store).take(POOL, holderOf('r1'), facts);
  expect(await new SlotLeases(store).take(POOL, holderOf('r2'), facts)).toEqual({ name: POOL[1], leased: 2 });
});

describe('a store that fails', () => {
  const facts = factsOf([runNamed('r1')]);
  const unavailable = 'Unavailable 503 the slots of pools cannot be read or written now; try again';

  test.each<[string, Partial<SlotStore>]>([
    ['cannot be read', { read: () => Promise.reject(new Error('planted')) }],
    ['cannot be written', { write: () => Promise.reject(new Error('planted')) }],
    ['is always ahead', { write: async () => 'conflict' }],
  ])('because it %s leases nothing, and the client may ask again', async (_, broken) => {
    const good = new MemorySlotStore();
    const store = { read: () => good.read(), write: good.write.bind(good), ...broken };
    expect(await refusalOf(() => new SlotLeases(store).take(POOL, holderOf('r1'), facts))).toBe(unavailable);
  });

  test('while it hangs keeps a hundred requests waiting, and refuses the next at once', async () => {
    const leases = new SlotLeases({ read: () => new Promise(() => undefined), write: async () => 'conflict' });
    for (let request = 0; request < 100; request += 1) void leases.take(POOL, holderOf('r1'), facts);
    expect(await refusalOf(() => leases.take(POOL, holderOf('r1'), facts))).toBe(unavailable);
  });

  test('does not stop the requests after it', async () => {
    const good = new MemorySlotStore();
    const read = jest.fn(good.read.bind(good)).mockRejectedValueOnce(new Error('once'));
    const leases = new SlotLeases({ read, write: good.write.bind(good) });
    const [first, second] = await Promise.allSettled([leases.take(POOL, holderOf('r1'), facts), leases.take(POOL, holderOf('r1'), facts)]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
  });
});
