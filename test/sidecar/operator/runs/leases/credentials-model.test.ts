import fc from 'fast-check';
import { answered, CODER, FakeBroker, LeaseWorld, timeText, unreachable } from './lease-world';
import type { BrokerRun } from '../../../../../sidecar/src/operator/broker-client';
import { issueCredentials } from '../../../../../sidecar/src/operator/runs/leases/credentials';
import { openLeases } from '../../../../../sidecar/src/operator/runs/leases/lease-status';
import { revokeLeases } from '../../../../../sidecar/src/operator/runs/leases/revocation';
import { BROKER_STATUS, BrokerCode } from '../../../../../src/protocol/broker-api';
import type { TemplateIdentity } from '../../../../../src/protocol/policy';

/** `RAW` is handed out as it is: another value is another lease. */
const NAMES = ['A', 'B', 'C', 'D', 'E', 'RAW'];

/** Revoking a lease of one value revokes the credential. */
const stem = (id: string): string => id.split('-').slice(0, 2).join('-');

/** What goes wrong with one call: it never arrives, its answer is lost, or it is refused. */
const fault = fc.oneof(
  { arbitrary: fc.constant('none' as const), weight: 6 },
  fc.constantFrom('not sent' as const, 'answer lost' as const),
  fc.constantFrom(...Object.keys(BROKER_STATUS) as BrokerCode[]),
);
type Fault = 'none' | 'not sent' | 'answer lost' | BrokerCode;

const attempt = fc.record({
  kind: fc.constantFrom('issue', 'issue', 'issue', 'revoke'),
  faults: fc.array(fault, { minLength: 8, maxLength: 8 }),
  commit: fc.constantFrom('written', 'written', 'lost', 'written, answer lost'),
  newValue: fc.boolean(),
  turns: fc.nat(2),
});

/** A broker that knows which leases are open, and fails as it is told. */
class CountingBroker extends FakeBroker {
  readonly given = new Set<string>();
  readonly revoked = new Set<string>();
  faults: Fault[] = [];
  values = 1;

  async issue(run: BrokerRun, name: string, template: TemplateIdentity) {
    const fails = this.faults.shift() ?? 'none';
    const answer = await super.issue(run, name, template);
    const lease = name === 'RAW' ? { ...answer, leaseId: `uss-RAW-v${this.values}`, deliveryMode: 'InContainer' as const } : answer;
    return this.through(fails, () => void this.given.add(lease.leaseId), lease);
  }

  async revoke(run: BrokerRun, lease: { readonly leaseId: string }) {
    const fails = this.faults.shift() ?? 'none';
    await super.revoke(run, lease);
    return this.through(fails, () => void this.revoked.add(stem(lease.leaseId)), undefined);
  }

  get open(): string[] {
    return [...this.given].filter((id) => !this.revoked.has(stem(id)));
  }

  private through<T>(fails: Fault, happens: () => void, answer: T): T {
    if (fails === 'none' || fails === 'answer lost') happens();
    if (fails === 'not sent' || fails === 'answer lost') throw unreachable();
    if (fails !== 'none') throw answered(fails);
    return answer;
  }
}

test('whatever fails between the calls, no lease is lost, and no credential is in the status twice', async () => {
  await fc.assert(fc.asyncProperty(fc.array(attempt, { maxLength: 8 }), async (attempts) => {
    const broker = new CountingBroker();
    const world = new LeaseWorld(broker);
    let mayIssue = true;
    const reconcile = async (kind: string) => {
      const work = world.work();
      if (kind === 'issue' && mayIssue) {
        const outcome = await issueCredentials(world.deps, work, NAMES, CODER);
        mayIssue = outcome.kind !== 'fail';
        return outcome;
      }
      mayIssue = false;
      const outcome = await revokeLeases(world.deps, work, { since: world.now });
      await work.commit();
      return outcome;
    };

    for (const { kind, faults, commit, newValue, turns } of attempts) {
      Object.assign(broker, { faults: [...faults], turns, values: broker.values + Number(newValue) });
      if (commit !== 'written') world.commitFailures.push({ written: commit !== 'lost' });
      const before = world.committed;
      const kept = await reconcile(kind).catch(() => undefined);
      world.commitFailures.length = 0;
      const { issuedLeases = [], credentials = [] } = world.committed;
      expect(new Set(issuedLeases.map(({ credentialName }) => credentialName)).size).toBe(issuedLeases.length);
      expect(credentials.map(({ name }) => name)).toEqual([...new Set(credentials.map(({ name }) => name))].sort());
      if (kept === undefined && commit === 'lost') expect(world.committed).toBe(before);
      const known = new Set(issuedLeases.map(({ leaseID }) => stem(leaseID)));
      if (kept?.kind === 'done' && kind === 'issue' && mayIssue) expect(new Set([...broker.given].map(stem))).toEqual(known);
      // The broker marks what is revoked in the status.
      const revoked = issuedLeases.filter(({ leaseID }) => broker.revoked.has(stem(leaseID)));
      world.committed = { ...world.committed, revokedLeases: Object.fromEntries(revoked.map(({ leaseID }) => [leaseID, timeText(world.now)])) };
    }

    broker.faults = [];
    if (mayIssue) {
      expect((await reconcile('issue')).kind).toBe('done');
      const open = openLeases(world.committed, world.committed).map(({ leaseID }) => stem(leaseID));
      expect(new Set(broker.open.map(stem))).toEqual(new Set(open));
      expect((await reconcile('revoke')).kind).toBe('done');
      expect(broker.open).toEqual([]);
    }
  }), { numRuns: 300 });
});

test('a lease that was written is revoked however the story ends', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fault, { maxLength: 12 }), fc.nat(2), async (faults, turns) => {
    const broker = new CountingBroker();
    const world = new LeaseWorld(broker);
    Object.assign(broker, { faults: [...faults], turns });
    await issueCredentials(world.deps, world.work(), NAMES, CODER);
    const written = (world.committed.issuedLeases ?? []).map(({ leaseID }) => leaseID);
    // Of a lease whose answer was lost nobody knows; it ends with the run.
    expect(broker.given.size - written.length).toBeLessThanOrEqual(faults.filter((one) => one === 'answer lost').length);
    broker.faults = [];
    await revokeLeases(world.deps, world.work(), { since: world.now });
    for (const id of written) expect(broker.revoked).toContain(stem(id));
  }), { numRuns: 200 });
});
