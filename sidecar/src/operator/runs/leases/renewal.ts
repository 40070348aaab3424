import { brokerFailure, codeText, failureText, unreadyReason } from './broker-refusal';
import { issuedText, Lease, renewableLeases, withRenewed } from './lease-status';
import { RenewalTimes, renewalTimes } from './renewal-times';
import type { RenewResponse } from '../../../../../src/protocol/broker-api';
import { conditionOf } from '../../conditions';
import { isOver } from '../../objects/run';
import type { Again, OperatorDeps } from '../../operator-deps';
import type { RunWork } from '../run-work';

export type RenewalDeps = Pick<OperatorDeps, 'broker' | 'clock' | 'log'>;

/**
 * Keeps the leases of a running pod alive: each is renewed at half of its life, and tried again until its end, so that an
 * outage shorter than half a life takes nothing from the pod. A new end counts once it is in the API.
 */
export async function renewLeases(deps: RenewalDeps, work: RunWork): Promise<Again> {
  const { run, now } = work;
  if (isOver(work.status) || run.deletedAt !== undefined || work.status.podUID === undefined) return undefined;
  const times = renewalTimes(deps);
  const due = renewableLeases(work.status, run.status).filter((lease) => times.due(run.uid, lease) <= now);
  if (due.length > 0) await renew(deps, work, due);
  const next = Math.min(...renewableLeases(work.status, run.status).map((lease) => times.due(run.uid, lease)));
  return next === Infinity ? undefined : Math.max(0, Math.ceil(next - now));
}

async function renew(deps: RenewalDeps, work: RunWork, due: readonly Lease[]): Promise<void> {
  const times = renewalTimes(deps);
  const answer = await answerFor(deps, work, [...new Set(due.map(({ credentialName }) => credentialName))]);
  if (answer === undefined) {
    for (const lease of due) times.missed(work.run.uid, lease, work.now);
  } else {
    work.set({ issuedLeases: withRenewed(work.status.issuedLeases ?? [], answer.leases) });
    await work.commit();
    const ids = due.map(({ leaseID }) => leaseID);
    for (const lease of work.status.issuedLeases ?? []) if (ids.includes(lease.leaseID)) settle(times, work, lease, answer);
  }
  tell(times, work);
}

/** Undefined when there is none. A broker that will not renew anything refuses each of the names. */
async function answerFor(deps: RenewalDeps, work: RunWork, names: readonly string[]): Promise<RenewResponse | undefined> {
  const { namespace, name } = work.run;
  try {
    const answer = await deps.broker.renew(work.run, names);
    work.condition('BrokerReady', 'Issued');
    return answer;
  } catch (error) {
    const failure = brokerFailure(deps, error);
    const { code, answered } = failure;
    const reason = failureText(failure);
    deps.log.warn({ namespace, run: name, reason }, 'leases could not be renewed; trying again');
    // An API server that reviews no tokens makes a broker answer that it does not know us.
    if (code === 'Refused' && answered !== undefined && answered !== 'Unauthorized') return { leases: [], refused: names.map((one) => ({ name: one, code: answered })) };
    work.condition('BrokerReady', unreadyReason(failure), `the broker does not renew leases: ${reason}`);
    return undefined;
  }
}

function settle(times: RenewalTimes, { run, now }: RunWork, lease: Lease, { leases, refused = [] }: RenewResponse): void {
  const renewed = leases.find(({ name }) => name === lease.credentialName);
  const refusal = refused.find(({ name }) => name === lease.credentialName);
  if (refusal !== undefined) times.refused(run.uid, lease, now, codeText(refusal.code));
  else if (renewed !== undefined && renewed.leaseId !== lease.leaseID) times.refused(run.uid, lease, now, 'the broker has another lease');
  else times.learnt(run.uid, lease, now);
}

/** Says once which leases do not go on, and that they do again. */
function tell(times: RenewalTimes, work: RunWork): void {
  const problems = renewableLeases(work.status, work.run.status).flatMap((lease) => {
    const problem = times.problem(work.run.uid, lease);
    return problem === undefined ? [] : [`${lease.credentialName} (${problem})`];
  });
  const told = conditionOf(work.status.conditions, 'BrokerCredentialsReady');
  if (problems.length === 0) {
    if (told?.reason === 'RenewalFailed') work.condition('BrokerCredentialsReady', 'AllIssued', issuedText(work.status));
    return;
  }
  const message = `leases that are not renewed: ${problems.join(', ')}`;
  if (told?.reason !== 'RenewalFailed' || told.message !== message) work.event('Warning', 'RenewalFailed', message);
  work.condition('BrokerCredentialsReady', 'RenewalFailed', message);
}
