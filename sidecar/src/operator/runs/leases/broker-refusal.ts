import { BROKER_STATUS, BrokerCode } from '../../../../../src/protocol/broker-api';
import { PREREQUISITE_SECONDS, RunReason } from '../../../../../src/protocol/runs';
import { BrokerFailure } from '../../../server/wire/broker-exchange';
import type { OperatorDeps } from '../../operator-deps';
import { giveUpTime } from '../give-up';
import { fail, Outcome, RunWork, wait } from '../run-work';

/** What a refusal means for a run that needs what was asked for. */
interface Meaning {
  /** `late`: the broker may not know yet what the operator knows. */
  readonly stays: 'passes' | 'late' | 'for good';
  readonly hint: string;
}

const MEANINGS: Readonly<Partial<Record<BrokerCode, Meaning>>> = {
  AuditUnavailable: { stays: 'passes', hint: 'the broker cannot write its audit log' },
  BadRequest: { stays: 'passes', hint: 'the broker does not understand the operator, as while one of them is brought to another version' },
  CredentialNotFound: { stays: 'late', hint: 'as far as the broker knows, the template does not require it, or was another one when it was asked' },
  Forbidden: { stays: 'for good', hint: "the operator is no identity of the broker with that capability, or the run's prompt is in a Secret that a BrokerPolicy grants" },
  PolicyMissing: { stays: 'late', hint: 'no BrokerPolicy grants it to the template, as far as the broker knows' },
  PolicyRevoked: { stays: 'for good', hint: 'its lease is revoked for the rest of the run' },
  PoolExhausted: { stays: 'passes', hint: 'every token of its pool is leased; one is free again when another run ends' },
  ProviderFailure: { stays: 'passes', hint: "the Secret that its BrokerPolicy names is missing or malformed, or its provider fails; create or mend the Secret; the broker's log says more" },
  RateLimited: { stays: 'passes', hint: 'the broker was asked too often' },
  RunNotFound: { stays: 'late', hint: 'the broker does not know the run; the namespace must be one of those that it follows' },
  RunTerminated: { stays: 'passes', hint: 'for the broker the run is over or past its deadline' },
  Unauthorized: { stays: 'passes', hint: "the broker does not accept the operator's token, or cannot have it reviewed" },
  Unavailable: { stays: 'passes', hint: 'the broker is starting, stopping or overloaded, or cannot reach the API server' },
};

/** Codes by which the broker says that it cannot now, and why: it is not the broker that is missing then. */
const TOLD = ['PoolExhausted', 'ProviderFailure', 'AuditUnavailable', 'RateLimited'] as const satisfies readonly BrokerCode[];

type Unready = 'BrokerUnavailable' | (typeof TOLD)[number];

/** Milliseconds until the broker is asked again; and sooner, when it is likely to know in a moment. */
const AGAIN = 10_000;
const LATE_AGAIN = 1_000;

export interface BrokerRefusal {
  readonly condition: Exclude<RunReason<'BrokerReady'>, 'Issued'>;
  readonly message: string;
  readonly outcome: Outcome<never>;
}

/** What comes of a run for which the broker did not give something. `what` names it, `source` says where it would come from. */
export function brokerRefusal(failure: BrokerFailure, work: Pick<RunWork, 'status' | 'now'>, what: string, source = ''): BrokerRefusal {
  const { answered } = failure;
  const { stays, hint } = (isCode(answered) ? MEANINGS[answered] : undefined) ?? { stays: 'passes', hint: undefined };
  const message = `the broker does not give ${what}: ${failureText(failure)}${hint === undefined ? '' : ` (${hint}${source})`}`;
  const giveUpAt = giveUpTime(work, 'BrokerUnavailable', PREREQUISITE_SECONDS * 1000);
  if (stays === 'late' && work.now < giveUpAt) {
    return { condition: 'BrokerDenied', message, outcome: { kind: 'wait', reason: 'BrokerUnavailable', message, againAfter: LATE_AGAIN, giveUpAt } };
  }
  if (stays !== 'passes') return { condition: 'BrokerDenied', message, outcome: fail('BrokerDenied', message) };
  const reason = unreadyReason(failure);
  return { condition: reason, message, outcome: wait(reason, message, AGAIN) };
}

/** Why a broker that may give it later has not given something. */
export function unreadyReason({ answered }: Pick<BrokerFailure, 'answered'>): Unready {
  return TOLD.find((code) => code === answered) ?? 'BrokerUnavailable';
}

/** Whatever goes wrong with one call, what the others have come to counts. The text of a foreign error is for the log alone. */
export function brokerFailure({ log }: Pick<OperatorDeps, 'log'>, error: unknown): BrokerFailure {
  if (error instanceof BrokerFailure) return error;
  log.error({ err: error }, 'asking the broker failed');
  return new BrokerFailure('Unavailable', 'the broker could not be asked');
}

/** A failure in words of ours. */
export function failureText({ answered, message }: BrokerFailure): string {
  return answered === undefined ? message : codeText(answered);
}

/** A code of the broker; what the protocol does not know is not repeated. */
export function codeText(code: string): string {
  return isCode(code) ? code : 'a code that is not known';
}

function isCode(code: string | undefined): code is BrokerCode {
  return code !== undefined && Object.hasOwn(BROKER_STATUS, code);
}
