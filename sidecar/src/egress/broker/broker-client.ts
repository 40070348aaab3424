import { substituteAnswer, validateAnswer } from './broker-answers';
import { BrokerFailure, failureIn } from './broker-failure';
import { BrokerReplicas, Replica, ReplicasOptions } from './broker-replicas';
import {
  BROKER_ROUTES, MAX_BROKER_BODY, type SubstituteAuthRequest, type SubstituteAuthResponse, type ValidateEgressRequest, type ValidateEgressResponse,
} from '../../../../src/protocol/broker-api';
import { fileStampNow, textNow } from '../../server/files/read-file';
import { After, after as machineTimers } from '../../server/time/timers';

/** The broker, as far as the proxy needs it. Both reject with `BrokerFailure`. */
export interface Broker {
  validate(question: ValidateEgressRequest): Promise<ValidateEgressResponse>;
  substitute(request: SubstituteAuthRequest): Promise<SubstituteAuthResponse>;
  close(): Promise<void>;
}

export interface BrokerClientOptions extends ReplicasOptions {
  /** The token by which the proxy is known. Read again when it changes. */
  readonly tokenFile: string;
  /** @default - the timers of the machine */
  readonly after?: After;
}

/** Milliseconds for one attempt. Two of them fit into the time that an open tunnel has. */
export const ATTEMPT_TIMEOUT = 2_400;

/** Speaks to the broker by https over connections that are kept. Throws a RangeError for a URL without TLS. */
export function brokerClient(options: BrokerClientOptions): Broker {
  if (new URL(options.url).protocol !== 'https:') throw new RangeError('the broker is spoken to by https only');
  const replicas = new BrokerReplicas(options);
  const tokenOf = followedToken(options.tokenFile);
  const { after = machineTimers } = options;
  const post = async (path: string, body: object): Promise<string> => answerOf(replicas, after, path, tokenOf(), JSON.stringify(body));
  return {
    validate: async (question) => validateAnswer(await post(BROKER_ROUTES.validateEgress, question)),
    substitute: async (request) => substituteAnswer(await post(BROKER_ROUTES.substituteAuth, request)),
    close: () => replicas.close(),
  };
}

/** Questions may be asked twice: the second answer is as good as the first. */
async function answerOf(replicas: BrokerReplicas, after: After, path: string, token: string, body: string): Promise<string> {
  if (Buffer.byteLength(body) > MAX_BROKER_BODY) {
    throw new BrokerFailure('Refused', `the request has more than the ${MAX_BROKER_BODY} bytes that the broker takes`, { code: 'BadRequest' });
  }
  const first = await replicas.next();
  const answer = await ask(first, after, path, token, body);
  if (!(answer instanceof BrokerFailure)) return answer;
  // A replica that cannot answer says 503; all else would be said by the others too.
  const isSilent = answer.status === undefined;
  if (!isSilent && answer.status !== 503) throw answer;
  replicas.failed(first, isSilent);
  const second = await replicas.next(first.address);
  if (!isSilent && second.address === first.address) throw answer;
  const other = await ask(second, after, path, token, body);
  if (!(other instanceof BrokerFailure)) return other;
  if (other.status === undefined) replicas.failed(second, true);
  throw other;
}

/** The text of an answer with 200, or what came in its place. */
async function ask({ pool }: Replica, after: After, path: string, token: string, body: string): Promise<string | BrokerFailure> {
  const headers = { 'authorization': `Bearer ${token}`, 'content-type': 'application/json' };
  const overdue = new AbortController();
  // One of AbortSignal itself cannot be cancelled, and goes off long after the answer.
  const cancel = after(ATTEMPT_TIMEOUT, () => overdue.abort());
  try {
    const { statusCode, body: answer } = await pool.request({ method: 'POST', path, headers, body, signal: overdue.signal });
    const text = await answer.text();
    return statusCode === 200 ? text : failureIn(statusCode, text);
  } catch (error) {
    return failureOf(error);
  } finally {
    cancel();
  }
}

/** The code of a connection error says enough; its text may name addresses of the cluster. */
function failureOf(cause: unknown): BrokerFailure {
  const { code, name } = cause as NodeJS.ErrnoException;
  if (name === 'AbortError') return new BrokerFailure('Unavailable', 'the broker has not answered in time', { cause });
  return new BrokerFailure('Unavailable', `the connection to the broker failed${typeof code === 'string' ? `: ${code}` : ''}`, { cause });
}

function followedToken(path: string): () => string {
  let stamp: string | undefined;
  let token: string | undefined;
  return () => {
    const now = fileStampNow(path);
    const read = token === undefined || now !== stamp ? textNow(path) : undefined;
    // A file that is being replaced may not be there; the token that was serves until the next look.
    if (read !== undefined) [token, stamp] = [read, now];
    if (token === undefined) throw new BrokerFailure('Unavailable', `${path} cannot be read`);
    return token;
  };
}
