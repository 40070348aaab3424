import { missingPrerequisite } from './prerequisite';
import type { RunReason } from '../../../../../src/protocol/runs';
import { admissionRefusal, hasCode, KubeError } from '../../../kube/kube-error';
import { Outcome, RunWork, fail, wait } from '../run-work';

/** Milliseconds until something is tried again of which the operator is told nothing: objects that it does not follow, quotas, rights. */
const LOOK_AGAIN = 5_000;
const SLOW_AGAIN = 30_000;

/** An object that the API server does not take. */
export interface Refused {
  /** Such as `pod 'a-0'`. */
  readonly what: string;
  /** Whether its content is secret, so that nobody's text about it is repeated. */
  readonly isSecret?: boolean;
}

type Condition = Exclude<RunReason<'PodCreated'>, 'PodCreated'>;

/** What becomes of a run one of whose objects is not taken. Throws the error again when the same may be taken in a moment. */
export function refused(work: RunWork, error: unknown, { what, isSecret = false }: Refused): Outcome<never> {
  const said = saidBy(error);
  const shown = isSecret ? nameOfPolicy(said) : said ?? '';
  const message = `the API server refuses ${what}${shown === '' ? '' : `: ${shown}`}`;
  const answer = (condition: Condition, outcome: Outcome<never>) => {
    noPod(work, condition, message);
    return outcome;
  };
  if (hasCode(error, 'NotFound') && /^namespaces "/.test(said ?? '')) return answer('AdmissionDenied', wait('Terminating', message, LOOK_AGAIN));
  // It did answer, such as that a webhook does not: it may be so for long, and people have to be told.
  if (said !== undefined && hasCode(error, 'Unavailable', 'Throttled')) return answer('ApiUnavailable', wait('ApiUnavailable', message, LOOK_AGAIN));
  if (!hasCode(error, 'Forbidden', 'Invalid', 'TooLarge')) throw error;
  switch (admissionRefusal(error)) {
    case 'Quota':
      // What a quota demands of the pod itself does not come by waiting.
      return / is forbidden: failed quota: /.test(said!) ? answer('PodRefused', fail('PodRefused', message)) : answer('QuotaExceeded', wait('QuotaExceeded', message, SLOW_AGAIN));
    case 'PodSecurity':
      return answer('PodSecurity', fail('PodSecurity', message));
    case 'Policy':
      return answer('AdmissionDenied', fail('AdmissionDenied', message));
    case undefined:
  }
  if (!hasCode(error, 'Forbidden')) return answer('PodRefused', fail('PodRefused', message));
  if (/ because it is being terminated$/.test(said ?? '')) return answer('AdmissionDenied', wait('Terminating', message, LOOK_AGAIN));
  if (said === undefined || COMES_LATER.test(said)) return answer('ApiUnavailable', wait('ApiUnavailable', message, SLOW_AGAIN));
  return answer('AdmissionDenied', fail('AdmissionDenied', message));
}

/** The operator's own rights, the account of the pods and quotas come with the namespace, in any order; a quota counts before it lets anything in. */
const COMES_LATER = /is forbidden: (User "[^"]*" cannot |error looking up service account |status unknown for quota: )/;

/** An object of the name is there, and is none of the run. */
export function nameTaken(work: RunWork, what: string): Outcome<never> {
  const message = `${what} is there already and does not belong to this run: delete it, or give the run another name`;
  noPod(work, 'NameTaken', message);
  const outcome = missingPrerequisite(work, 'NameTaken', message);
  return outcome.kind === 'wait' ? { ...outcome, againAfter: Math.min(LOOK_AGAIN, outcome.againAfter ?? LOOK_AGAIN) } : outcome;
}

/** An object of an earlier run of the name is still there. */
export function nameGoing(work: RunWork, what: string): Outcome<never> {
  const message = `${what} of an earlier run of this name is still there; it goes by itself`;
  noPod(work, 'NameTaken', message);
  return wait('NameTaken', message, LOOK_AGAIN);
}

/** A pod that is there was created, whatever happens to the other objects of the run. */
export function noPod(work: RunWork, reason: Condition, message: string): void {
  if (work.status.podUID === undefined) work.condition('PodCreated', reason, message);
}

/** Without the port that a connection of the API server had: it is another one each time, and a message that changes brings the run back at once. */
function saidBy(error: unknown): string | undefined {
  return error instanceof KubeError ? error.statusMessage?.replace(/\S+:\d+->/g, '') : undefined;
}

/** Of whoever denies something, the name alone. */
function nameOfPolicy(said = ''): string {
  return /ValidatingAdmissionPolicy '[^']*'|(?:admission|calling) webhook "[^"]*"|exceeded quota: [^,]*/.exec(said)?.[0] ?? '';
}
