import { CarriedRequest, carryingHeaders, carryingParams, queryParams, Sighting } from './carriers';
import type { SubstituteAuthResponse } from '../../../../src/protocol/broker-api';

/**
 * What of a request passes upstream. Both lists of an answer name what is kept: an absent or empty one means that all
 * is stripped, which would break git and every paged API.
 */

/** Headers that pass in every request: how to answer, what is sent, which part of it, under what condition. */
const KEPT_HEADERS = [
  'accept', 'accept-charset', 'accept-encoding', 'accept-language', 'user-agent',
  'content-digest', 'content-disposition', 'content-encoding', 'content-language', 'content-length', 'content-md5', 'content-range', 'content-type',
  'range', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since',
  'git-protocol', 'link', 'prefer', 'x-page', 'x-per-page',
  'anthropic-beta', 'anthropic-version', 'openai-beta', 'x-github-api-version',
];

const IS_KEPT = new Set(KEPT_HEADERS);

/** The same as they are told; so many are not spelled anew for each request. */
const KEPT_ALWAYS: readonly string[] = KEPT_HEADERS.map(canonical);

/** Others like them; vendors version their APIs by headers of such names. */
const KEPT_FORMS = /^(accept|content|if)-[a-z0-9-]+$|^[a-z0-9-]+-(version|beta)$/;

/** Parameters that pass when the caller does not show its query: git's probe and the pages of GitHub and GitLab. */
const KEPT_UNSEEN_PARAMS = ['service', 'page', 'per_page'];

/** How a request changes when its surrogate is exchanged. */
export interface Exchange {
  readonly setHeaders?: Readonly<Record<string, string>>;
  readonly removeHeaders?: readonly string[];
  readonly setQueryParams?: Readonly<Record<string, string>>;
  /** Headers that pass beside those that always do. */
  readonly allowedHeaders?: readonly string[];
}

/** A request without a surrogate goes out without credentials: those that the agent brings itself are stripped. */
export function forwardPlain(request: CarriedRequest): SubstituteAuthResponse {
  return { allowedHeaders: keptHeaders(request, []), allowedQueryParams: keptParams(request, []) };
}

/** A request whose surrogate is exchanged. */
export function forwardExchanged(request: CarriedRequest, sighting: Sighting, exchange: Exchange): SubstituteAuthResponse {
  const { setHeaders, setQueryParams, allowedHeaders = [] } = exchange;
  const set = Object.keys(setHeaders ?? {}).map((name) => name.toLowerCase());
  const unwanted = [...(exchange.removeHeaders ?? []).map((name) => name.toLowerCase()), ...carryingHeaders(sighting)];
  const removed = unwanted.filter((name) => !set.includes(name));
  const replaced = [...carryingParams(sighting), ...Object.keys(setQueryParams ?? {})];
  return {
    ...(setHeaders === undefined ? {} : { setHeaders }),
    ...(setQueryParams === undefined ? {} : { setQueryParams }),
    ...(removed.length === 0 ? {} : { removeHeaders: [...new Set(removed)].map(canonical) }),
    allowedHeaders: keptHeaders(request, allowedHeaders, removed),
    allowedQueryParams: keptParams(request, replaced),
  };
}

function keptHeaders({ headers = {} }: CarriedRequest, more: readonly string[], removed: readonly string[] = []): string[] {
  const present = Object.keys(headers).map((name) => name.toLowerCase()).filter((name) => KEPT_FORMS.test(name));
  const others = [...present, ...more.map((name) => name.toLowerCase())].filter((name) => !IS_KEPT.has(name));
  const kept = [...KEPT_ALWAYS, ...new Set(others.map(canonical))];
  return removed.length === 0 ? kept : kept.filter((name) => !removed.includes(name.toLowerCase()));
}

/** Every parameter that is there passes, except those of the surrogate. */
function keptParams(request: CarriedRequest, replaced: readonly string[]): string[] {
  const isShown = request.query !== undefined || request.path?.includes('?') === true;
  const names = isShown ? queryParams(request).map(([name]) => name) : KEPT_UNSEEN_PARAMS;
  return [...new Set(names)].filter((name) => !replaced.includes(name));
}

/** The spelling of Go's net/http, which paddock's egress proxy compares with. */
function canonical(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
