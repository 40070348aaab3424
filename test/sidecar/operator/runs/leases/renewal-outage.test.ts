import fc from 'fast-check';
import { CODER, FakeBroker, LeaseWorld, SECOND, START, unreachable } from './lease-world';
import { issueCredentials } from '../../../../../sidecar/src/operator/runs/leases/credentials';
import { renewLeases } from '../../../../../sidecar/src/operator/runs/leases/renewal';

/** Seconds by which an outage has to be shorter than half a life: what two attempts are apart at most, near the end. */
const MARGIN = 3;

const outages = fc.record({
  ttl: fc.integer({ min: 60, max: 7200 }),
  /** Of a life, after the beginning; often about when a renewal is due. */
  from: fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), fc.constantFrom(0.499, 0.501, 0.55, 0.999, 1.05)),
  /** Of the longest that is survived. */
  length: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1)),
  /** Looks for another reason, and restarts of the operator, at times between. */
  others: fc.array(fc.record({ after: fc.double({ min: 0, max: 1, noNaN: true }), restart: fc.boolean() }), { maxLength: 12 }),
});

test('an outage shorter than half a life takes no lease from a live pod, whenever the operator looks or restarts', async () => {
  await fc.assert(fc.asyncProperty(outages, async ({ ttl, from, length, others }) => {
    const life = ttl * SECOND;
    const away = { from: START + from * life, until: START + from * life + length * (life / 2 - MARGIN * SECOND) };
    let world: LeaseWorld;
    const make = () => {
      const broker = new FakeBroker(() => world.now);
      broker.ttl = life;
      broker.before = (call) => { if (call === 'renew' && world.now >= away.from && world.now < away.until) throw unreachable(); };
      return broker;
    };
    world = new LeaseWorld(make(), { podUID: 'pod-1' });
    await issueCredentials(world.deps, world.work(), ['A_TOKEN'], CODER);
    const interruptions = [...others];
    let deps = world.deps;
    while (world.now < START + 4 * life) {
      const work = world.work();
      const again = (await renewLeases(deps, work))!;
      await work.commit();
      const other = interruptions.shift();
      world.now = Math.ceil(world.now + (other === undefined ? again : again * other.after));
      if (other?.restart === true) deps = { ...world.deps, broker: make() };
      expect(Date.parse(world.committed.issuedLeases![0].expiresAt!)).toBeGreaterThan(world.now);
    }
  }), { numRuns: 150 });
});
