import { brokerFailure, failureText } from './broker-refusal';
import { Lease, openLeases } from './lease-status';
import { REVOKE_SECONDS } from '../../../../../src/protocol/runs';
import { fewAtOnce } from '../../../server/bounds/few-at-once';
import { CALLS_AT_ONCE } from '../../broker-client';
import { conditionOf } from '../../conditions';
import type { OperatorDeps } from '../../operator-deps';
import { done, Outcome, RunWork, wait } from '../run-work';

/** Milliseconds until it is tried again, at least. */
const SHORTEST = 1_000;

/** Leases that an Event names: its note is at most 1 KiB long. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const NAMED = 6;

export type RevocationDeps = Pick<OperatorDeps, 'broker' | 'clock' | 'log'>;

/**
 * Makes the leases of a run worthless for good. `since` is when that began to be necessary; the run waits for `REVOKE_SECONDS`
 * from then on, and goes on without it after that: a broker that is gone keeps no run from its end.
 */
export async function revokeLeases(deps: RevocationDeps, work: RunWork, { since }: { readonly since: number }): Promise<Outcome> {
  const leases = openLeases(work.status, work.run.status);
  const told = conditionOf(work.status.conditions, 'CredentialsRevoked')?.reason;
  const until = since + REVOKE_SECONDS * 1000;
  const gaveUp = told === 'RevokeFailed' && work.now >= until;
  if (leases.length === 0 || told === 'Revoked' || gaveUp) return done();
  const { failed, reason } = await revoked(deps, work, leases);
  if (failed.length === 0) {
    work.condition('CredentialsRevoked', 'Revoked', revokedText(leases.length, work.status));
    return done();
  }
  const ids = failed.map(({ leaseID }) => leaseID);
  const now = deps.clock();
  if (now < until) {
    const message = `${failed.length} of ${leases.length} leases are not revoked yet: ${reason}`;
    work.condition('CredentialsRevoked', 'Revoking', message);
    // As long again as it has taken so far, and once more at the end.
    return wait('InProgress', message, Math.min(Math.max(now - since, SHORTEST), until - now));
  }
  work.condition('CredentialsRevoked', 'RevokeFailed', `leases that are not revoked: ${ids.join(', ')}: ${reason}`);
  const others = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
  work.event('Warning', 'RevokeFailed', `leases that are not revoked: ${ids.slice(0, NAMED).join(', ')}${others}: ${reason}`);
  return done();
}

/** A credential that the run was given as it is was out of the broker's hands from then on. */
function revokedText(count: number, { credentials = [] }: RunWork['status']): string {
  const given = credentials.filter(({ deliveryMode }) => deliveryMode === 'InContainer').map(({ name }) => name);
  const others = given.length === 0 ? '' : `; credentials that the run had in its container stay good at their provider until they are changed there: ${given.join(', ')}`;
  return `${count} ${count === 1 ? 'lease' : 'leases'} revoked${others}`;
}

interface Revoked {
  readonly failed: readonly Lease[];
  /** Of the first that failed. */
  readonly reason: string;
}

/** A broker that does not answer is not asked for each lease how it is. */
async function revoked(deps: RevocationDeps, { run }: RunWork, leases: readonly Lease[]): Promise<Revoked> {
  const left = new Set(leases);
  const reasons: string[] = [];
  await fewAtOnce(leases, CALLS_AT_ONCE, async (lease) => {
    try {
      await deps.broker.revoke(run, { provider: lease.provider, leaseId: lease.leaseID, credentialName: lease.credentialName });
      left.delete(lease);
      return 'go on';
    } catch (error) {
      const failure = brokerFailure(deps, error);
      reasons.push(failureText(failure));
      return failure.answered === undefined ? 'stop' : 'go on';
    }
  });
  return { failed: [...left], reason: reasons[0] };
}
