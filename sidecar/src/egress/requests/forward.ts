import type { IncomingMessage } from 'node:http';
import { BEARERS, bearerInBody } from './bearer-search';
import type { Answered, Call, Forward } from './call';
import { type Credentials, credentialsOf } from './credential-search';
import { exchange, type ExchangeDeps, type Outgoing } from './exchange';
import { refuseBearers } from './misplaced-bearers';
import { changed, hostValue, requestHeaders } from './passed-headers';
import { framedHeaders, type RequestBody, requestBody } from './request-body';
import { type Head, substitutedHead, substitutionQuestion } from './substitution';
import type { SubstituteAuthResponse } from '../../../../src/protocol/broker-api';
import { MAX_HELD_BODIES, SIGNED_BODY_TIMEOUT } from '../../../../src/protocol/egress-api';
import { orAborted, timeLimit } from '../../server/time/time-limit';
import { HeldBodies, type Hold } from '../aws/held-bodies';
import { type AwsPayload, awsPayload, isAwsSigned } from '../aws/payload';
import type { Broker } from '../broker/broker-client';
import { substituteRefusal } from '../broker/broker-refusal';
import { refuse } from '../refusals/refuse';

export interface ForwarderDeps extends ExchangeDeps {
  readonly broker: Pick<Broker, 'substitute'>;
}

/** A request on its way, as far as it is known. */
interface Passing {
  readonly head: Head;
  readonly body: RequestBody;
  readonly credentials?: Credentials;
  readonly auditId?: string;
}

/** Sends requests on to their upstreams. A bearer is exchanged on the way, or goes nowhere. */
export function forwarder(deps: ForwarderDeps): Forward {
  const bodies = new HeldBodies(MAX_HELD_BODIES);
  return async (call) => {
    try {
      const passing = await exchanged(deps, bodies, call, given(call));
      if (isGone(call)) return NOT_ANSWERED;
      // Last, so that it holds whatever came before.
      refuseBearers(passing.head.headers, passing.head.path);
      if (Buffer.isBuffer(passing.body) && BEARERS.isIn(passing.body)) throw bearerInBody();
      return await exchange(deps, call, outgoing(passing));
    } catch (error) {
      if (isGone(call)) return NOT_ANSWERED;
      throw error;
    }
  };
}

/** The client has left before there was an answer. */
const NOT_ANSWERED: Answered = { status: 0, sent: 0, received: 0, cutOff: true };

/** TRACE would show the credential: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.8 */
const REFUSED_METHODS: readonly string[] = ['CONNECT', 'TRACE'];

function given({ request, target, secure }: Call): Passing {
  const { method = '', rawHeaders, headers: { connection } } = request;
  if (!target.path.startsWith('/')) throw refuse('BAD_REQUEST', 'only requests for a path are passed on');
  if (REFUSED_METHODS.includes(method)) throw refuse('BAD_REQUEST', `${method} is not passed on`, { status: 405 });
  const headers = requestHeaders(rawHeaders, connection, hostValue(target, secure));
  return { head: { method, path: target.path, headers }, body: requestBody(request) };
}

/** What the broker makes of a request to a host of credentials. */
async function exchanged(deps: ForwarderDeps, bodies: HeldBodies, { request, response, leave, secure }: Call, asked: Passing): Promise<Passing> {
  const { question, verdict } = leave;
  if (verdict.substituteAuth !== true) return asked;
  // A credential never goes out in the clear, so none is asked for.
  if (!secure) refuseBearers(asked.head.headers, asked.head.path);
  const hold = bodies.until(response, question.token);
  const payload = isAwsSigned(request.headers) ? await signable(deps, request, hold) : { headers: {}, body: asked.body };
  // An answer that is encoded could not be searched. It is said before the broker signs anything.
  const headers = changed(asked.head.headers, { ...payload.headers, 'accept-encoding': 'identity' });
  const head = { ...asked.head, headers };
  const answer = await substituted(deps, substitutionQuestion(question, head));
  const credentials = credentialsOf(answer, request.rawHeaders);
  if (credentials !== undefined && !secure) throw refuse('CREDENTIAL_REFUSED', 'a credential is never sent without TLS');
  return { head: substitutedHead(head, answer), body: payload.body, credentials, auditId: answer.auditId };
}

/** A body that has to be whole before the broker is asked has a time for that. */
async function signable({ after }: ForwarderDeps, request: IncomingMessage, hold: Hold): Promise<AwsPayload> {
  const limit = timeLimit(after, SIGNED_BODY_TIMEOUT);
  try {
    return await orAborted(awsPayload(request, hold), limit.signal);
  } catch (error) {
    throw limit.signal.aborted ? refuse('BAD_REQUEST', 'the body that is signed does not come in time', { status: 408 }) : error;
  } finally {
    limit.end();
  }
}

async function substituted({ broker }: ForwarderDeps, question: Parameters<Broker['substitute']>[0]): Promise<SubstituteAuthResponse> {
  try {
    return await broker.substitute(question);
  } catch (error) {
    throw substituteRefusal(error);
  }
}

function outgoing({ head: { method, path, headers }, body, credentials, auditId }: Passing): Outgoing {
  return { method, path, headers: framedHeaders(headers, body).flat(), body, credentials, auditId };
}

function isGone({ request, response }: Call): boolean {
  return request.socket.destroyed || response.destroyed;
}
