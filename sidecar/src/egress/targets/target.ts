import { NamedHost, namedHost } from './host-name';
import { BASE_URL_PORT, HTTP_PORT, MAX_EGRESS_TARGET, REFUSED_PORTS } from '../../../../src/protocol/egress-api';
import { refuse } from '../refusals/refuse';

/** Where a client wants to connect to. */
export interface Target extends NamedHost {
  readonly port: number;
}

/** The same, and what it asks for there. */
export interface RequestTarget extends Target {
  /** With its query, letter for letter; begins with a slash. */
  readonly path: string;
}

/** Printable ASCII without blanks. Fragments are never sent: https://www.rfc-editor.org/rfc/rfc9110#section-7.1 */
const PRINTABLE = /^[!-"$-~]*$/;

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//;

/** The target of CONNECT: `host:port`, both required. https://www.rfc-editor.org/rfc/rfc9112#section-3.2.3 */
export function connectTarget(text: string): Target {
  return authority(printable(text));
}

/** The target of a plain request to a proxy, `http://host[:port]/path`. https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 */
export function absoluteTarget(text: string): RequestTarget {
  const scheme = SCHEME.exec(printable(text));
  if (scheme === null) throw refuse('BAD_TARGET', 'a proxy is asked for http://host/path, or by CONNECT for host:port');
  if (scheme[1].toLowerCase() !== 'http') {
    throw refuse('BAD_TARGET', `scheme ${JSON.stringify(scheme[1])} is not proxied, allowed is http; what is encrypted goes by CONNECT`);
  }
  return withPath(text.slice(scheme[0].length), HTTP_PORT);
}

/** The target of a request to the base-URL listener, `/host[:port]/path`. */
export function baseUrlTarget(text: string): RequestTarget {
  if (!printable(text).startsWith('/')) throw refuse('BAD_TARGET', 'the path must be /<host>/<path>');
  return withPath(text.slice(1), BASE_URL_PORT);
}

/** The host and port of a `Host` or `:authority`, to be compared with the target of its connection. */
export function hostHeader(text: string, defaultPort: number): Target {
  return authority(printable(text), defaultPort);
}

/** Whether two targets are one. */
export function isSameTarget(one: Target, other: Target): boolean {
  return one.host === other.host && one.port === other.port && one.kind === other.kind;
}

/** What a target may be made of. Throws `BAD_TARGET`. */
export function printable(text: string): string {
  if (text.length > MAX_EGRESS_TARGET) throw refuse('BAD_TARGET', `the target is longer than ${MAX_EGRESS_TARGET} bytes`, { status: 414 });
  if (!PRINTABLE.test(text)) throw refuse('BAD_TARGET', 'the target must be printable ASCII without blanks and fragment');
  return text;
}

/** What is in front of the first slash or question mark is the authority; the path of a bare query is a slash. */
function withPath(text: string, defaultPort: number): RequestTarget {
  const end = text.search(/[/?]/);
  const path = end < 0 ? '' : text.slice(end);
  return { ...authority(end < 0 ? text : text.slice(0, end), defaultPort), path: path.startsWith('/') ? path : `/${path}` };
}

/** `host`, `host:port` or `[address]:port`. User names are refused with the rest of what no host has: https://www.rfc-editor.org/rfc/rfc9110#section-4.2.4 */
function authority(text: string, defaultPort?: number): Target {
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text) ?? [undefined, text, undefined];
  const named = namedHost(host);
  return { ...named, port: port === undefined && defaultPort !== undefined ? defaultPort : portOf(port) };
}

function portOf(text = ''): number {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw refuse('BAD_TARGET', 'the port must be there, 1 to 65535, in decimal digits');
  if (REFUSED_PORTS.includes(port)) throw refuse('PORT_REFUSED', `nobody connects to port ${port}`);
  return port;
}
