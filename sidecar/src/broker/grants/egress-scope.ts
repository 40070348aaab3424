import type { Destination } from './destination';
import { hostCovers } from '../../../../src/protocol/hosts';
import { EgressGrantSpec, egressGrants, Granted, NamedPolicy } from '../../../../src/protocol/policy';
import { credentialHosts } from '../../../../src/protocol/resources';

/** The request line, as far as the caller told it. */
export interface RequestLine {
  readonly method?: string;
  /** May end in a query, which no grant looks at. */
  readonly path?: string;
}

/** They make a server or proxy show or relay the credential instead of using it. */
const UNSAFE_METHODS = ['TRACE', 'TRACK', 'CONNECT'];

/** The first egress grant, by policy name, that covers the request; undefined when none does. */
export function coveringGrant(
  policies: readonly NamedPolicy[], destination: Destination, line: RequestLine,
): Granted<EgressGrantSpec> | undefined {
  if (UNSAFE_METHODS.includes(line.method?.toUpperCase() ?? '')) return undefined;
  return grantsTo(policies, destination).find(({ grant }) => coversMethod(grant, line.method) && coversPath(grant, line.path));
}

/**
 * Whether each request to the destination has to be looked at: a credential is exchanged there, or the
 * egress grants are limited to methods or paths. Every provider counts that has hosts, built-in ones too.
 */
export function needsSubstitution(policies: readonly NamedPolicy[], destination: Destination): boolean {
  return scopeOf(policies, destination).needsSubstitution;
}

/** Every grant that lets connections to the destination out, by policy name. */
export function grantsTo(policies: readonly NamedPolicy[], destination: Destination): readonly Granted<EgressGrantSpec>[] {
  return scopeOf(policies, destination).grants;
}

/** What a list of policies says about a destination. */
interface Scope {
  readonly grants: readonly Granted<EgressGrantSpec>[];
  readonly needsSubstitution: boolean;
}

/** Lists of policies never change; they last as long as their snapshot. */
const scopes = new WeakMap<readonly NamedPolicy[], Map<string, Scope>>();

/** A run asks for few destinations over and over. Whoever asks for ever new ones only makes this be worked out again. */
const MAX_SCOPES = 1000;

function scopeOf(policies: readonly NamedPolicy[], { host, port }: Destination): Scope {
  const known = scopes.get(policies) ?? new Map<string, Scope>();
  const key = `${host}:${port}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MAX_SCOPES) known.clear();
  const made = scope(policies, host, port);
  scopes.set(policies, known.set(key, made));
  return made;
}

function scope(policies: readonly NamedPolicy[], host: string, port: number): Scope {
  const grants = egressGrants(policies, host, port);
  const credentials = policies.flatMap(({ spec }) => spec.grants.credentials ?? []);
  const isExchanged = credentials.some((grant) => credentialHosts(grant).some((granted) => hostCovers(granted, host)));
  return { grants, needsSubstitution: isExchanged || (grants.length > 0 && grants.every(({ grant }) => isLimited(grant))) };
}

function isLimited({ methods = [], paths = [] }: EgressGrantSpec): boolean {
  return methods.length > 0 || paths.length > 0;
}

/** A caller that does not tell the method gets nothing from a grant that depends on it; likewise for paths. */
function coversMethod({ methods = [] }: EgressGrantSpec, method: string | undefined): boolean {
  const granted: readonly string[] = methods;
  return granted.length === 0 || (method !== undefined && granted.includes(method));
}

function coversPath({ paths = [] }: EgressGrantSpec, target: string | undefined): boolean {
  if (paths.length === 0) return true;
  const path = target?.split('?', 1)[0];
  if (path === undefined || !hasOneMeaning(path)) return false;
  return paths.some((granted) => (granted.endsWith('*') ? path.startsWith(granted.slice(0, -1)) : path === granted));
}

/**
 * Whether a server can read the path in one way only. Some resolve dots and slashes after decoding, once or twice,
 * take a backslash for a slash or drop what follows a semicolon; the path they serve is then not the one compared here.
 * Nor can it be where characters travel that no request line has: a `#` ends the path for some servers and not for others.
 * https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
function hasOneMeaning(path: string): boolean {
  const decoded = decode(path);
  if (decoded === undefined || !path.startsWith('/')) return false;
  if (/[^!-~]|[\\#]|\/\/|%2f|%5c/i.test(path) || /[\\\u0000-\u001f\u007f]|\/\/|%[0-9a-f]{2}/i.test(decoded)) return false;
  return decoded.split('/').every((segment) => !/^\.{1,2}(;|$)/.test(segment));
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
