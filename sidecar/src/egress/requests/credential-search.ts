import { StreamSearch, type Wanted } from './stream-search';
import { SEARCHED_ANSWER } from '../../../../src/protocol/egress-api';
import { basicParts } from '../../server/wire/basic-parts';
import { refuse } from '../refusals/refuse';

/** Shorter values are found in texts that have nothing to do with them. */
const SHORTEST = 8;

/** What a broker has put into a request. */
export interface Placed {
  readonly setHeaders?: Readonly<Record<string, string>>;
  readonly setQueryParams?: Readonly<Record<string, string>>;
}

/** The credentials of a request, as nobody but the upstream may read them. */
export class Credentials {
  private readonly wanted: Wanted;

  constructor(private readonly values: readonly string[]) {
    const needles = values.map((value) => Buffer.from(value, 'latin1'));
    this.wanted = {
      isIn: (bytes) => needles.some((needle) => bytes.includes(needle)),
      beginsAt: (bytes) => Math.min(...needles.map((needle) => cutOff(bytes, needle))),
    };
  }

  isInHeaders(headers: readonly (readonly [string, string])[]): boolean {
    return headers.some(([name, text]) => this.values.some((value) => text.includes(value) || name.includes(value.toLowerCase())));
  }

  /** For the body of an answer. */
  search(): StreamSearch {
    return new StreamSearch(this.wanted, SEARCHED_ANSWER);
  }
}

/** Undefined when there is nothing to search for. What the client has sent itself it knows already. */
export function credentialsOf({ setHeaders = {}, setQueryParams = {} }: Placed, shown: readonly string[]): Credentials | undefined {
  const known = new Set(shown);
  const inHeaders = Object.values(setHeaders).filter((value) => !known.has(value)).flatMap(headerForms);
  const forms = [...inHeaders, ...Object.values(setQueryParams)].flatMap((value) => [value, encodeURIComponent(value)]);
  const values = new Set(forms.filter((form) => form.length >= SHORTEST));
  return values.size === 0 ? undefined : new Credentials([...values]);
}

/** What is behind a scheme, and the password of Basic; else the value as it is. */
function headerForms(value: string): string[] {
  const behind = /^(?:basic|bearer|token) +(\S+)$/i.exec(value)?.[1] ?? value;
  return [behind, ...basicParts(value).slice(1)];
}

/** Where the longest beginning of a needle is cut off by the end of the bytes. */
function cutOff(bytes: Buffer, needle: Buffer): number {
  const first = Math.max(0, bytes.length - needle.length + 1);
  for (let at = bytes.indexOf(needle[0], first); at >= 0; at = bytes.indexOf(needle[0], at + 1)) {
    if (bytes.subarray(at).equals(needle.subarray(0, bytes.length - at))) return at;
  }
  return bytes.length;
}

export function inAnswer(): Error {
  return refuse('CREDENTIAL_IN_ANSWER', 'the answer of the upstream shows the credential of the request');
}
