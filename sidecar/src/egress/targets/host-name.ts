import { ipv6Form } from './ipv6-form';
import { HOST_PATTERN, INTERNAL_HOST_MESSAGE, isInternalHost, MAX_HOST_LENGTH } from '../../../../src/protocol/hosts';
import { refuse } from '../refusals/refuse';

/** A host as a client names it, in its one spelling. */
export interface NamedHost {
  /** Lower case, without the dot that ends an absolute name; or an address: four decimal numbers, or hexadecimal groups. */
  readonly host: string;
  /** Addresses are told from names: no grant names one, and nobody looks one up. */
  readonly kind: 'name' | 'address';
}

const NAME = new RegExp(HOST_PATTERN);
const SHOWN = 100;

/**
 * The host of a target or of a `Host` header, in brackets when it is an IPv6 address. Throws `BAD_TARGET` for what is no host,
 * and `HOST_NOT_ALLOWED` for names that mean the pod or the cluster.
 *
 * Names are ASCII and lower-cased; one dot at the end is dropped, as it spells the same name
 * (https://www.rfc-editor.org/rfc/rfc1034#section-3.1). Names with other letters travel as their A-labels
 * (https://www.rfc-editor.org/rfc/rfc5890#section-2.3.2.1). Underscores are refused as in grants: no host has one
 * (https://www.rfc-editor.org/rfc/rfc1123#section-2.1), so that allowing them could only make two readings of one name.
 * Percent signs are refused whole: what is decoded by some and not by others is two names, and a zone is none of ours.
 */
export function namedHost(text: string): NamedHost {
  if (text.startsWith('[')) return { host: bracketed(text), kind: 'address' };
  const name = lowered(text.endsWith('.') ? text.slice(0, -1) : text);
  const address = endsInNumber(name) ? ipv4(name) : undefined;
  if (address !== undefined) return { host: address, kind: 'address' };
  if (name.length > MAX_HOST_LENGTH || name.startsWith('*') || !NAME.test(name)) {
    throw refuse('BAD_TARGET', `${shown(text)} must be a host name of ASCII letters, digits, hyphens and dots, or an IP address`);
  }
  if (isInternalHost(name)) throw refuse('HOST_NOT_ALLOWED', `host ${JSON.stringify(name)} ${INTERNAL_HOST_MESSAGE}`);
  return { host: name, kind: 'name' };
}

/** What came before an `@` may be a password. */
function shown(text: string): string {
  return text.includes('@') ? 'a host with user name' : `host ${JSON.stringify(text.slice(0, SHOWN))}`;
}

/** Unlike toLowerCase, this leaves letters alone that only look like ASCII afterwards, such as the Kelvin sign. */
function lowered(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function bracketed(text: string): string {
  const address = text.endsWith(']') ? ipv6Form(text.slice(1, -1)) : undefined;
  if (address === undefined) throw refuse('BAD_TARGET', `${shown(text)} must be an IPv6 address without zone in its brackets`);
  return address;
}

/** https://url.spec.whatwg.org/#ends-in-a-number-checker: no name ends so, and many resolvers read an address. */
function endsInNumber(name: string): boolean {
  return /^(\d+|0x[0-9a-f]*)$/.test(name.slice(name.lastIndexOf('.') + 1));
}

/** An IPv4 address in any form that resolvers read: decimal, hexadecimal, octal, one to four parts. https://url.spec.whatwg.org/#concept-ipv4-parser */
function ipv4(text: string): string | undefined {
  const numbers = text.split('.').map(numberOf);
  const last = numbers.pop();
  if (numbers.length > 3 || last === undefined || !(last < 256 ** (4 - numbers.length))) return undefined;
  if (!numbers.every((number) => number !== undefined && number < 256)) return undefined;
  const value = numbers.reduce<number>((sum, number, index) => sum + number! * 256 ** (3 - index), last);
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

function numberOf(part: string): number | undefined {
  if (/^0x[0-9a-f]*$/.test(part)) return part === '0x' ? 0 : Number(part);
  if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8);
  return /^[1-9]\d*$/.test(part) ? Number(part) : undefined;
}
