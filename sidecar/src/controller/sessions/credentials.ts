import type { Environment } from './session-env';
import { BROKER_STATUS } from '../../../../src/protocol/broker-api';
import { MAX_ENV_BYTES, MAX_ENV_VARIABLES } from '../../../../src/protocol/session-api';
import { RETRY_AFTER_NOT_READY } from '../../../../src/protocol/sessions-api';
import { BrokerFailure, Credential, SessionBroker } from '../broker-client';
import type { ControllerDeps } from '../controller-deps';
import { refuse } from '../refuse';

export interface SurrogateDeps extends Pick<ControllerDeps, 'wait'> {
  readonly broker: SessionBroker;
}

/** Asked for at the same time. */
const PARALLEL = 4;

/** Milliseconds until a broker that was asked too often is asked again, and how often that is done. */
const PAUSE = 1000;
const TRIES = 10;

/** Refuses variables that a session gets from the broker: one of the values could not stay. */
export function refuseTaken(env: Environment | undefined, credentials: readonly string[]): void {
  const taken = credentials.find((name) => env !== undefined && Object.hasOwn(env, name));
  if (taken !== undefined) throw refuse('BAD_REQUEST', `the variable ${JSON.stringify(taken)} of env is a credential of the pool's sessions`);
}

/**
 * What stands for the credentials in the environment of a session, by name. The egress proxy puts the real values into
 * requests; they are nowhere in the session. Of several refusals that of the first name is thrown.
 */
export async function surrogates(deps: SurrogateDeps, names: readonly string[], egressToken: string, gone: AbortSignal): Promise<Environment> {
  const values: string[] = [];
  const failures = new Map<number, unknown>();
  const waiting = [...names.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && failures.size === 0; next = waiting.shift()) {
      const [at, name] = next;
      try {
        values[at] = await surrogate(deps, name, egressToken, gone);
      } catch (error) {
        failures.set(at, error);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  return Object.fromEntries(names.map((name, at) => [name, values[at]]));
}

async function surrogate(deps: SurrogateDeps, name: string, egressToken: string, gone: AbortSignal): Promise<string> {
  const { value, deliveryMode } = await asked(deps, name, egressToken, gone);
  // It would be kept beside the session, and stay good when the session has ended or the Secret has changed.
  if (deliveryMode !== 'ProxyInjected') throw refuse('CREATION_FAILED', `the credential ${name} has the delivery ${deliveryMode}: sessions get surrogates only`);
  return value;
}

async function asked({ broker, wait }: SurrogateDeps, name: string, egressToken: string, gone: AbortSignal): Promise<Credential> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      gone.throwIfAborted();
      return await broker.credential(name, egressToken);
    } catch (error) {
      if (!(error instanceof BrokerFailure)) throw error;
      if (error.answered !== 'RateLimited' || attempt === TRIES) throw refusalFor(name, error);
    }
    await wait(PAUSE, gone);
  }
}

/** Of what the broker said, its code alone is repeated. */
function refusalFor(name: string, cause: BrokerFailure): unknown {
  const { answered } = cause;
  const shown = answered !== undefined && Object.hasOwn(BROKER_STATUS, answered) ? `: ${answered}` : '';
  if (cause.code === 'Refused') return refuse('CREATION_FAILED', `the credential broker refuses the credential ${name}${shown}`, { cause });
  const message = `the credential broker does not give the credential ${name} now${shown}`;
  return refuse('UNAVAILABLE', message, { retryAfterSeconds: RETRY_AFTER_NOT_READY, cause });
}

/** Refuses what the session daemon would, with the reason. */
export function refuseOversized(environment: Environment): void {
  const entries = Object.entries(environment);
  const bytes = entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (entries.length <= MAX_ENV_VARIABLES && bytes <= MAX_ENV_BYTES) return;
  const most = `at most ${MAX_ENV_VARIABLES} variables of ${MAX_ENV_BYTES} bytes`;
  throw refuse('CREATION_FAILED', `with its credentials the environment of the session has ${entries.length} variables of ${bytes} bytes; allowed: ${most}`);
}
