import { brokerFailure, BrokerRefusal, brokerRefusal } from './broker-refusal';
import { Answers, keptAnswers } from './kept-answers';
import { issuedText, withIssued } from './lease-status';
import { renewalTimes } from './renewal-times';
import type { IssueResponse } from '../../../../../src/protocol/broker-api';
import type { TemplateIdentity } from '../../../../../src/protocol/policy';
import { fewAtOnce } from '../../../server/bounds/few-at-once';
import type { BrokerFailure } from '../../../server/wire/broker-exchange';
import { CALLS_AT_ONCE } from '../../broker-client';
import type { OperatorDeps } from '../../operator-deps';
import { done, Outcome, RunWork, wait } from '../run-work';

export type CredentialDeps = Pick<OperatorDeps, 'broker' | 'clock' | 'log'> & { readonly world: Pick<OperatorDeps['world'], 'policies'> };

/** Milliseconds until the broker is asked for more: it counts by the second. */
const LIMITED_AGAIN = 1_000;

/** By name. They go to the Secret of the run, and nowhere else. */
export type CredentialValues = Readonly<Record<string, string>>;

/**
 * Takes the credentials of a run from the broker. Every lease is in the API before anything else happens, whatever became of
 * the others: what is nowhere written is never revoked. Asking again gets the same leases. That the broker is ready is said by
 * whoever asks it last: told here and taken back there, it would be written twice with each look, and bring the run back at once.
 * `template` is what the pod is made of then: the broker sees changes of it at another time.
 */
export async function issueCredentials(
  deps: CredentialDeps, work: RunWork, names: readonly string[], template: TemplateIdentity,
): Promise<Outcome<CredentialValues>> {
  const wanted = [...new Set(names)].sort();
  const kept = keptAnswers(deps);
  const before = kept.get(work.run.uid, template);
  const { answers: given, failures } = await answersFor(deps, work, missingFirst(wanted, work).filter((name) => !before.has(name)), template);
  const answers = new Map([...before, ...[...given].map(([name, answer]) => [name, withKnownEnd(answer, work)] as const)]);
  work.set(withIssued(work.status, wanted, answers));
  const isLimited = [...failures.values()].some(({ answered }) => answered === 'RateLimited');
  const refusal = gravest(wanted.flatMap((name) => refusalsOf(deps, work, name, failures.get(name))));
  const issued = `${work.status.credentials?.length ?? 0} of ${wanted.length} credentials issued`;
  if (failures.size === 0) work.condition('BrokerCredentialsReady', 'AllIssued', issuedText(work.status));
  else work.condition('BrokerCredentialsReady', 'Issuing', issued);
  if (refusal !== undefined) work.condition('BrokerReady', refusal.condition, refusal.message);
  await work.commit();
  rememberEnds(deps, work, answers);
  if (isLimited) kept.set(work.run.uid, template, answers);
  else kept.delete(work.run.uid);
  if (refusal !== undefined) return refusal.outcome;
  if (isLimited) return wait('InProgress', `${issued}; the broker gives no more at once`, LIMITED_AGAIN);
  return done(Object.fromEntries(wanted.map((name) => [name, answers.get(name)!.value])));
}

/** What the broker has answered for each name until it failed. */
async function answersFor(deps: CredentialDeps, { run }: RunWork, names: readonly string[], template: TemplateIdentity) {
  const answers = new Map<string, IssueResponse>();
  const failures = new Map<string, BrokerFailure>();
  await fewAtOnce(names, CALLS_AT_ONCE, async (name) => {
    try {
      answers.set(name, await deps.broker.issue(run, name, template));
      return 'go on';
    } catch (error) {
      failures.set(name, brokerFailure(deps, error));
      return 'stop';
    }
  });
  return { answers, failures } as const;
}

/** A lease keeps the end that is written until half of it is over, as with renewals: it moves with each answer. */
function withKnownEnd(answer: IssueResponse, { status, now }: RunWork): IssueResponse {
  const known = status.issuedLeases?.find(({ leaseID }) => leaseID === answer.leaseId)?.expiresAt;
  if (known === undefined) return answer;
  const [left, given] = [known, answer.expiresAt].map((end) => Date.parse(end) - now);
  return left <= given && left > given / 2 ? { ...answer, expiresAt: known } : answer;
}

/** What failed before is likely to fail again, and then the others are not asked for in vain. */
function missingFirst(names: readonly string[], { status: { credentials = [] } }: RunWork): string[] {
  const issued = new Set(credentials.map(({ name }) => name));
  return [...names.filter((name) => !issued.has(name)), ...names.filter((name) => issued.has(name))];
}

/** What it means that a credential was not given. One that was only asked for too early is asked for again, and that is all. */
function refusalsOf({ world }: CredentialDeps, work: RunWork, name: string, failure: BrokerFailure | undefined): BrokerRefusal[] {
  if (failure === undefined || failure.answered === 'RateLimited') return [];
  const granting = world.policies(work.run.namespace).flatMap((policy) => {
    const { secretRef } = policy.spec.grants.credentials?.find((grant) => grant.name === name)?.provider ?? {};
    if (secretRef === undefined) return [];
    // Whoever reads runs need not know the Secrets: they are named to those who have to mend one.
    const from = failure.answered === 'ProviderFailure' ? ` from Secret '${secretRef.name}', key '${secretRef.key}'` : '';
    return [`BrokerPolicy ${policy.name}${from}`];
  });
  const source = granting.length === 0 ? '' : `; granted by ${granting.join(', and by ')}`;
  return [brokerRefusal(failure, work, `the credential ${name}`, source)];
}

/** That which ends the run, else the first. */
function gravest(refusals: readonly BrokerRefusal[]): BrokerRefusal | undefined {
  return refusals.find(({ outcome }) => outcome.kind === 'fail') ?? refusals[0];
}

function rememberEnds(deps: CredentialDeps, { run, status, now }: RunWork, answers: Answers): void {
  const ids = [...answers.values()].map(({ leaseId }) => leaseId);
  for (const lease of status.issuedLeases ?? []) if (ids.includes(lease.leaseID)) renewalTimes(deps).learnt(run.uid, lease, now);
}
