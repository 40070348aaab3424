import type { SessionKind } from '../../../../src/protocol/session-record';
import { INVOCATION_KINDS } from '../../../../src/protocol/sessions-api';

/** What the URL of an invocation says. */
export interface InvocationTarget {
  readonly kind: SessionKind;
  readonly namespace: string;
  readonly name: string;
  /** Behind `/invocations`, letter for letter, without the query. */
  readonly path: string;
  /** The same with its query: what the worker is asked for. */
  readonly pathAndQuery: string;
}

const KINDS = new Map(Object.entries(INVOCATION_KINDS).map(([kind, part]) => [part as string, kind as SessionKind]));

/** `http://host`, which https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 allows in front. */
const AUTHORITY = /^https?:\/\/[^/?#]*/i;

/** `/v1/namespaces/<namespace>/<kind>/<name>/invocations/`: what follows the seventh slash is the worker's. */
const SLASHES = 7;

/** The parts of the raw URL of a request; undefined for one that is no invocation. What is encoded behind `/invocations` stays so. */
export function invocationTarget(url: string): InvocationTarget | undefined {
  const raw = url.startsWith('/') ? url : url.replace(AUTHORITY, '');
  const start = startOfRest(raw);
  if (start < 0) return undefined;
  const [namespace, part, name] = raw.slice(0, start).split('/').slice(3, 6).map(decoded);
  const kind = part === undefined ? undefined : KINDS.get(part);
  if (kind === undefined || !namespace || !name) return undefined;
  const pathAndQuery = raw.slice(start);
  const query = pathAndQuery.indexOf('?');
  return { kind, namespace, name, path: query < 0 ? pathAndQuery : pathAndQuery.slice(0, query), pathAndQuery };
}

function startOfRest(raw: string): number {
  let at = raw.indexOf('/');
  for (let seen = 1; seen < SLASHES && at >= 0; seen++) at = raw.indexOf('/', at + 1);
  const query = raw.indexOf('?');
  return query >= 0 && query < at ? -1 : at;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
