import { BEARER_PREFIX, SubstituteAuthRequest } from '../../../../src/protocol/broker-api';
import { hasToken } from '../../crypto/embedded-token';
import { EMBEDDED_TOKEN, isOurs } from '../../crypto/sealed-token';
import { basicParts } from '../../server/wire/basic-parts';
import { refuse } from '../refuse';

/** The parts of a request in which a surrogate can travel. */
export type CarriedRequest = Pick<SubstituteAuthRequest, 'incomingAuthorization' | 'incomingXApiKey' | 'path' | 'query' | 'headers'>;

/** Where a surrogate travels, and what it is exchanged for there. */
export type Carrier =
  /** The value of a header, alone or after a scheme; in `authorization` also as user or password of Basic. */
  | { readonly in: 'header'; readonly name: string }
  | { readonly in: 'query'; readonly name: string };

/** `header:<lower-case name>` or `query:<name>`. */
type Place = `header:${string}` | `query:${string}`;

/** A token of ours in a request. */
export interface Sighting {
  readonly token: string;
  readonly places: ReadonlySet<Place>;
  /** The caller showed nothing but the two headers that paddock's clients show. */
  readonly legacy: boolean;
}

/** A token and its place; nowhere is inside something else, where no surrogate belongs. */
type Find = { readonly token: string; readonly place: Place } | 'nowhere';

/** Places that paddock's clients show. There a surrogate counts for every grant: those clients know no other way. */
const LEGACY_PLACES: readonly Place[] = ['header:authorization', 'header:x-api-key'];

/** Belongs to the egress proxy itself, which takes it off; it carries the run's own token. */
const PROXY_CREDENTIALS = 'proxy-authorization';

/** Where a surrogate begins in the value of a header, alone or after a scheme or a prefix of the grant. */
const BEGIN = new RegExp(`(?<![A-Za-z0-9])${BEARER_PREFIX}`);

/**
 * The one surrogate of a request, undefined when it has none. Two different ones are refused: exchanging one would
 * pass the other on.
 */
export function findSurrogate(request: CarriedRequest): Sighting | undefined {
  const finds = [...headerFinds(request), ...queryFinds(request), ...restFinds(request)].map((find) => {
    if (find === 'nowhere') throw refuse('SubstituteFailed', 'the request carries a bearer in the middle of something else');
    return find;
  });
  const [token, ...others] = new Set(finds.map((find) => find.token));
  if (others.length > 0) throw refuse('SubstituteFailed', 'the request carries two different bearers');
  if (token === undefined) return undefined;
  const legacy = request.headers === undefined && request.query === undefined && request.path === undefined;
  return { token, places: new Set(finds.map(({ place }) => place)), legacy };
}

/** Refuses a surrogate that travels anywhere but where its grant says. */
export function refuseMisplaced({ places, legacy }: Sighting, carriers: readonly Carrier[]): void {
  const wanted = carriers.map(placeOf);
  const misplaced = [...places].find((place) => !wanted.includes(place) && !(legacy && LEGACY_PLACES.includes(place)));
  if (misplaced === undefined) return;
  const belongs = wanted.length === 0 ? 'nowhere' : `in ${wanted.map((place) => place.replace(':', ' ')).join(' or ')}`;
  throw refuse('SubstituteFailed', `the request carries the bearer in the wrong place; by its grant it belongs ${belongs}`);
}

/** Names of the headers that carry the surrogate. */
export function carryingHeaders({ places }: Sighting): string[] {
  return namesAfter('header:', places);
}

/** Names of the query parameters that carry the surrogate. */
export function carryingParams({ places }: Sighting): string[] {
  return namesAfter('query:', places);
}

/** Every parameter of the request, decoded, in order. https://url.spec.whatwg.org/#urlencoded-parsing */
export function queryParams({ path = '', query = '' }: CarriedRequest): [string, string][] {
  const inPath = path.includes('?') ? path.slice(path.indexOf('?') + 1) : '';
  return [query, inPath].filter((text) => text !== '').flatMap((text) => [...new URLSearchParams(text.split('#', 1)[0])]);
}

function placeOf(carrier: Carrier): Place {
  return carrier.in === 'header' ? `header:${carrier.name.toLowerCase()}` : `query:${carrier.name}`;
}

function headerFinds({ incomingXApiKey = '', incomingAuthorization = '', headers = {} }: CarriedRequest): Find[] {
  return [
    ...headerValueFinds('x-api-key', incomingXApiKey),
    ...headerValueFinds('authorization', incomingAuthorization),
    ...Object.entries(headers).flatMap(([name, value]) => [
      ...(name.toLowerCase() === PROXY_CREDENTIALS ? [] : headerValueFinds(name.toLowerCase(), value)),
      ...embeddedFinds(name),
    ]),
  ];
}

function headerValueFinds(name: string, value: string): Find[] {
  const whole = value.trim();
  const parts = name === 'authorization' ? [whole, ...basicParts(whole)] : [whole];
  return parts.flatMap((part) => {
    const start = part.search(BEGIN);
    const mayCarry = start !== -1 && (LEGACY_PLACES.includes(`header:${name}`) || EMBEDDED_TOKEN.test(part));
    // To the end of the value: a bearer with anything behind it is not that bearer.
    return mayCarry ? { token: part.slice(start), place: `header:${name}` } : embeddedFinds(part);
  });
}

function queryFinds(request: CarriedRequest): Find[] {
  return queryParams(request).flatMap(([name, value]) => [
    ...(isOurs(value) ? [{ token: value, place: `query:${name}` } as const] : embeddedFinds(value)),
    ...embeddedFinds(name),
  ]);
}

/** The parts of the target in which no surrogate belongs: the path, and fragments, which some clients send and some servers read. */
function restFinds({ path = '', query = '' }: CarriedRequest): Find[] {
  const fragments = [path, query].map((text) => text.slice(text.split('#', 1)[0].length));
  return [path.split('?', 1)[0], ...fragments].flatMap(embeddedFinds);
}

function embeddedFinds(text: string): Find[] {
  return hasToken(text) ? ['nowhere'] : [];
}

function namesAfter(kind: 'header:' | 'query:', places: ReadonlySet<Place>): string[] {
  return [...places].filter((place) => place.startsWith(kind)).map((place) => place.slice(kind.length));
}
