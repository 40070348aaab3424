import type { IncomingMessage } from 'node:http';
import type { EgressMode } from '../../../../src/protocol/egress-api';
import { BASE_URL_PORT, PROXY_AUTHORIZATION } from '../../../../src/protocol/egress-api';
import type { Leave } from '../gate/leave';
import { proxyCredential } from '../identity/proxy-authorization';
import { shownBearer } from '../identity/shown-bearer';
import { refuse } from '../refusals/refuse';
import { absoluteTarget, baseUrlTarget, hostHeader, isSameTarget, printable, RequestTarget } from '../targets/target';

/** Where a request wants to go, and by whose leave. */
export interface Route {
  readonly target: RequestTarget;
  /** The run token, or the bearer that stands for one. */
  readonly token: string;
  /** As the client says. */
  readonly run?: string;
  /** Whether it goes on by https. */
  readonly secure: boolean;
}

/** Reads the route of a request, or refuses it. */
export interface Router {
  readonly mode: EgressMode;
  route(request: IncomingMessage): Route;
}

/** Of a client that uses the proxy for http. Its `Host` says nothing: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 */
export const PLAIN: Router = {
  mode: 'plain',
  route: ({ url = '', headersDistinct }) => {
    const target = absoluteTarget(url);
    return { target, ...proxyCredential(headersDistinct[PROXY_AUTHORIZATION]), secure: false };
  },
};

/** Of a client that cannot use a proxy: the first part of the path names the host, and the bearer is all that proves who asks. */
export const BASE_URL: Router = {
  mode: 'base-url',
  route: ({ url = '', headersDistinct }) => {
    const target = baseUrlTarget(url);
    const token = shownBearer(headersDistinct, target.path.split('?', 2)[1] ?? '');
    if (token === undefined) throw refuse('BEARER_MISSING', 'the request must show a bearer of the platform where the credential belongs');
    return { target, token, secure: true };
  },
};

/** Of what comes out of a tunnel: each request must be for the host that the tunnel is for. */
export function intercepted({ question, run }: { readonly question: Leave['question']; readonly run?: string }): Router {
  const { host, port, token } = question;
  return {
    mode: 'intercepted',
    route: ({ url = '', headersDistinct }) => {
      if (!printable(url).startsWith('/') && url !== '*') throw refuse('BAD_TARGET', 'inside a tunnel the target must be a path');
      const named = headersDistinct.host ?? [];
      if (named.length !== 1) throw refuse('BAD_REQUEST', `the header host must be there once, got ${named.length}`);
      const asked = hostHeader(named[0], BASE_URL_PORT);
      const target = { host, port, kind: asked.kind, path: url };
      if (!isSameTarget(asked, target)) throw refuse('HOST_MISMATCH', `the tunnel is for ${host}:${port}, the request for another host`);
      return { target, token, ...(run === undefined ? {} : { run }), secure: true };
    },
  };
}
