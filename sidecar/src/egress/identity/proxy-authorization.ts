import { MAX_RUN_TOKEN, PROXY_CHALLENGE, RUN_TOKEN_PATTERN } from '../../../../src/protocol/egress-api';
import { MAX_HOST_LENGTH } from '../../../../src/protocol/hosts';
import type { ApiError } from '../../server/http/errors';
import { refuse } from '../refusals/refuse';

/** Who asks, as the client says. Only the token is proof; the name is for people who read a process list. */
export interface ProxyCredential {
  readonly run: string;
  /** Sealed; never logged, never forwarded. */
  readonly token: string;
}

/** Every value of the header, each on its own: Node's `headersDistinct`, as `headers` drops all but the first. */
export type HeaderValues = readonly string[] | undefined;

/** https://www.rfc-editor.org/rfc/rfc4648#section-4; the scheme as https://www.rfc-editor.org/rfc/rfc9110#section-11.1 has it. */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
const TOKEN = new RegExp(RUN_TOKEN_PATTERN);
/** Names of runs and of sessions. */
const RUN = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** Longest header: name, colon and token in Base64. */
const MAX_VALUE = 'basic '.length + Math.ceil((MAX_HOST_LENGTH + 1 + MAX_RUN_TOKEN) / 3) * 4;

/**
 * The run token of `Proxy-Authorization: Basic <run:token>`. Throws `PROXY_AUTH_REQUIRED` with its challenge when there is none, or
 * something that cannot be one, and `BAD_REQUEST` for two: another proxy on the way might read the other one. No text repeats the header.
 */
export function proxyCredential(values: HeaderValues): ProxyCredential {
  if (values === undefined || values.length === 0) throw challenge('the run token is required as password of the proxy');
  if (values.length > 1) throw refuse('BAD_REQUEST', 'Proxy-Authorization must be there once');
  const [value] = values;
  const encoded = value.length > MAX_VALUE ? undefined : BASIC.exec(value)?.[1];
  const text = encoded === undefined ? undefined : decoded(encoded);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) throw challenge('Proxy-Authorization must be Basic with name and run token');
  const run = text.slice(0, colon);
  const token = text.slice(colon + 1);
  if (run.length > MAX_HOST_LENGTH || !RUN.test(run)) throw challenge('the user name for the proxy must be the name of the run');
  if (token.length > MAX_RUN_TOKEN || !TOKEN.test(token)) throw challenge('the password for the proxy must be the run token');
  return { run, token };
}

/** Undefined for what has another spelling too: without padding, or with bits left over. */
function decoded(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded ? bytes.toString('latin1') : undefined;
}

function challenge(message: string): ApiError {
  return refuse('PROXY_AUTH_REQUIRED', message, { headers: PROXY_CHALLENGE });
}
