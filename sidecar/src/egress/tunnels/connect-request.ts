import type { IncomingMessage } from 'node:http';
import { PROXY_AUTHORIZATION } from '../../../../src/protocol/egress-api';
import { announcesBody } from '../../server/http/request-checks';
import { namedBy } from '../../server/wire/hop-by-hop';
import { type ProxyCredential, proxyCredential } from '../identity/proxy-authorization';
import { refuse } from '../refusals/refuse';
import { requireHttp } from '../requests/http-head';

export type ConnectRequest = Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'httpVersion'>;

/** What a client shows, or why that is no credential: said once there is a report to say it in. */
export type Shown = { readonly credential: ProxyCredential } | { readonly credential?: undefined; readonly refusal: unknown };

export function shownBy({ headersDistinct }: ConnectRequest): Shown {
  try {
    return { credential: proxyCredential(headersDistinct[PROXY_AUTHORIZATION]) };
  } catch (refusal) {
    return { refusal };
  }
}

/**
 * Throws `BAD_REQUEST` for what a CONNECT must not be. What its `Host` names does not matter: the target alone says whereto, and
 * many clients leave the port out.
 */
export function requireConnect(request: ConnectRequest): void {
  requireHttp(request);
  // Some would read its body, and others take it for the beginning of the tunnel.
  if (announcesBody(request)) throw refuse('BAD_REQUEST', 'CONNECT has no body');
}

/** Whether the client sends its next request over the same connection. */
export function mayGoOn({ headers, httpVersion }: ConnectRequest): boolean {
  const isClosing = [headers.connection, headers['proxy-connection']].some((value) => value === 'close' || namedBy(value)?.has('close') === true);
  return httpVersion === '1.1' && !isClosing;
}
