import fc from 'fast-check';
import { Candidate, LeaseServer, Time } from './lease-world';

const DAY = 24 * 60 * 60 * 1000;
const COUNT = 3;

/** Their ratio stays below that of the time of a lease to the time in which a leader renews. */
const SPEEDS = [0.85, 1, 1.2];

/** One of them by number, or whoever leads. */
const which = fc.nat({ max: COUNT });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 100, max: 20_000 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('down' as const, 'deaf', 'heal', 'freeze', 'thaw', 'replace', 'close'), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delay' as const), which, ms: fc.constantFrom(5, 500, 2_000, 9_000, 20_000) }) },
);
const clock = fc.record({
  skew: fc.integer({ min: -DAY, max: DAY }),
  speed: fc.constantFrom(...SPEEDS),
  chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
});
const clocksOfAll = fc.array(clock, { minLength: COUNT, maxLength: COUNT });
const manySteps = fc.array(step, { minLength: 10, maxLength: 40 });

test('whatever fails, and whatever clocks say, there are never two leaders, and in the end there is one', async () => {
  let changes = 0;
  await fc.assert(fc.asyncProperty(clocksOfAll, manySteps, async (clocks, steps) => {
    const time = new Time();
    const server = new LeaseServer(time);
    let made = 0;
    const make = (index: number) => {
      const { skew, speed, chance } = clocks[index];
      return new Candidate(server, time, { identity: `${index}-${made += 1}`, skew, speed, random: () => chance });
    };
    const all = clocks.map((_, index) => make(index));
    const past: Candidate[] = [];
    let most = 0;
    const count = () => {
      most = Math.max(most, [...all, ...past].filter((one) => one.leads()).length);
    };
    for (const one of steps) {
      if (one.do === 'pass') {
        await time.pass(one.ms, count);
        continue;
      }
      const index = one.which < COUNT ? one.which : Math.max(0, all.findIndex((candidate) => candidate.leads()));
      const candidate = all[index];
      if (one.do === 'delay') candidate.link.delay = one.ms;
      if (one.do === 'down') candidate.link.down = true;
      if (one.do === 'deaf') candidate.link.deaf = true;
      if (one.do === 'heal') Object.assign(candidate.link, { down: false, deaf: false, delay: 5 });
      if (one.do === 'freeze') candidate.freeze();
      if (one.do === 'thaw') candidate.thaw();
      if (one.do === 'replace') candidate.kill();
      if (one.do === 'close') void candidate.lease.close();
      if (one.do === 'replace' || one.do === 'close') {
        past.push(candidate);
        all[index] = make(index);
      }
      count();
    }
    all.forEach((one) => {
      Object.assign(one.link, { down: false, deaf: false, delay: 5 });
      one.thaw();
    });
    await time.pass(60_000, count);
    expect(most).toBeLessThanOrEqual(1);
    expect(all.filter((one) => one.leads())).toHaveLength(1);
    changes += Number(server.spec.leaseTransitions) - 1;
  }), { numRuns: 200 });
  // The steps were such that leaders did change.
  expect(changes).toBeGreaterThan(50);
  // Tens of thousands of turns of the event loop, each as long as what earlier tests have left makes it.
}, 180_000);
