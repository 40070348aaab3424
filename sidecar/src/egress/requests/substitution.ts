import { changed, type Header, joined } from './passed-headers';
import { passedPath, splitPath } from './passed-query';
import type { SubstituteAuthRequest, SubstituteAuthResponse } from '../../../../src/protocol/broker-api';
import { HOP_BY_HOP } from '../../server/wire/hop-by-hop';
import type { Question } from '../gate/verdicts';
import { refuse } from '../refusals/refuse';

/** The head of a request. */
export interface Head {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: readonly Header[];
}

/** They pass whatever a broker allows: without them the message or its answer would be another one. */
const ALWAYS: readonly string[] = ['host', 'content-length', 'content-type', 'accept-encoding'];

/** The handshake of WebSocket, of which brokers know nothing. https://www.rfc-editor.org/rfc/rfc6455#section-11.3 */
const HANDSHAKE = 'sec-websocket-';

/** How long a message is and where it goes is not a broker's to say. */
const NOT_SET = new Set([...HOP_BY_HOP, 'host', 'content-length', 'expect']);

/** What the broker is asked. */
export function substitutionQuestion({ token, clientAddress, host, port }: Question, { method, path: target, headers }: Head): SubstituteAuthRequest {
  const { path, query } = splitPath(target);
  return { host, port, method, path, query, headers: joined(headers), egressToken: token, clientAddress };
}

/** The head that goes to the upstream. Throws `BROKER_FAILED` for an answer by which the message would be read in two ways. */
export function substitutedHead({ method, path, headers }: Head, answer: SubstituteAuthResponse): Head {
  const { setHeaders = {}, removeHeaders = [], allowedHeaders = [] } = answer;
  const unusable = Object.keys(setHeaders).some((name) => NOT_SET.has(name.toLowerCase()));
  if (unusable) throw refuse('BROKER_FAILED', 'the broker sets a header that is not for it to set');
  const removed = lowered(removeHeaders);
  const allowed = lowered(allowedHeaders);
  const passes = ([name]: Header): boolean => {
    const key = name.toLowerCase();
    if (key === 'host' || key === 'content-length') return true;
    return !removed.has(key) && (allowed.has(key) || ALWAYS.includes(key) || key.startsWith(HANDSHAKE));
  };
  return { method, path: passedPath(path, answer), headers: changed(headers.filter(passes), setHeaders) };
}

function lowered(names: readonly string[]): Set<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}
