import type { IncomingHttpHeaders } from 'node:http';
import { ADMIN_HEADER, OWNER_HEADER, SESSION_HEADER } from '../../../../src/protocol/sessions-api';
import { HOP_BY_HOP, namedBy } from '../../server/wire/hop-by-hop';

/** What a client may not tell a worker: its own credentials, and what only the gateway knows. */
const OURS: readonly string[] = ['authorization', 'expect', 'forwarded', 'host', 'x-real-ip', ADMIN_HEADER, OWNER_HEADER, SESSION_HEADER];

/** By their beginnings: who a proxy before the gateway says that the client is, and the tokens that it adds. */
const TOLD_BY_PROXIES = [
  'x-forwarded-', 'x-auth-request-', 'x-goog-iap-', 'x-goog-authenticated-user-', 'cf-access-', 'x-amzn-oidc-', 'x-ms-token-', 'x-ms-client-principal',
] as const;

const DROPPED = new Set([...HOP_BY_HOP, ...OURS]);

/**
 * Headers of a request as they go to the worker, names and values in turn: first everything that ends here is dropped,
 * what `Connection` names included, and only then our own are added. So nothing that a client sends takes one of them away.
 */
export function requestHeaders(raw: readonly string[], connection: string | undefined, own: readonly string[]): string[] {
  const named = namedBy(connection);
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at].toLowerCase();
    if (DROPPED.has(name) || isToldByProxy(name) || named?.has(name) === true) continue;
    kept.push(name, raw[at + 1]);
  }
  for (const one of own) kept.push(one);
  return kept;
}

function isToldByProxy(name: string): boolean {
  // Most names begin with neither.
  return (name.startsWith('x-') || name.startsWith('cf-')) && TOLD_BY_PROXIES.some((beginning) => name.startsWith(beginning));
}

/** Headers of an answer as they go to the client. The session is the gateway's word. */
export function answerHeaders(headers: IncomingHttpHeaders, sessionId: string): Record<string, string | string[] | undefined> {
  const named = namedBy(headers.connection);
  const kept: Record<string, string | string[] | undefined> = {};
  for (const name of Object.keys(headers)) {
    if (!ENDING_HERE.has(name) && named?.has(name) !== true) kept[name] = headers[name];
  }
  kept[SESSION_HEADER] = sessionId;
  return kept;
}

/** By these a worker would speak for the whole origin of the gateway. */
const OF_THE_ORIGIN = ['alt-svc', 'clear-site-data', 'service-worker-allowed', 'strict-transport-security'];

const ENDING_HERE = new Set([...HOP_BY_HOP, ...OF_THE_ORIGIN, SESSION_HEADER]);
