import type { IncomingHttpHeaders } from 'node:http';
import { BASE_URL_PORT, EGRESS_CODE_HEADER, HTTP_PORT } from '../../../../src/protocol/egress-api';
import { HOP_BY_HOP, namedBy } from '../../server/wire/hop-by-hop';
import type { Target } from '../targets/target';

/** Name, as it is sent, and value. */
export type Header = readonly [name: string, value: string];

/** Headers of a request that end here besides: the target says the host, and Node has asked for the body. */
const DROPPED = new Set([...HOP_BY_HOP, 'host', 'expect']);

/** By the first an upstream would send the client around the proxy, by the other it would speak for it. https://www.rfc-editor.org/rfc/rfc7838#section-3 */
const ANSWER_DROPPED = new Set([...HOP_BY_HOP, 'alt-svc', EGRESS_CODE_HEADER]);

/** How messages are framed, which `Connection` cannot take away: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const FRAMING: readonly string[] = ['content-length', 'host'];

/** `Host` of a target. https://www.rfc-editor.org/rfc/rfc9110#section-7.2 */
export function hostValue({ host, port }: Target, secure: boolean): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (secure ? BASE_URL_PORT : HTTP_PORT) ? name : `${name}:${port}`;
}

/** Headers of a request that go on, in their order and letters, behind the host. */
export function requestHeaders(raw: readonly string[], connection: string | undefined, host: string): Header[] {
  const named = namedBy(connection);
  const headers: Header[] = [['host', host]];
  for (let at = 0; at < raw.length; at += 2) {
    if (!endsHere(raw[at].toLowerCase(), DROPPED, named)) headers.push([raw[at], raw[at + 1]]);
  }
  return headers;
}

/** Headers of an answer that go on. */
export function answerHeaders(headers: IncomingHttpHeaders): Header[] {
  const named = namedBy(headers.connection);
  return Object.entries(headers)
    .filter(([name]) => !endsHere(name, ANSWER_DROPPED, named))
    .flatMap(([name, value = []]) => [value].flat().map((one): Header => [name, one]));
}

/** The values of each name together. https://www.rfc-editor.org/rfc/rfc9110#section-5.3 */
export function joined(headers: readonly Header[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = values.get(key);
    values.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(values);
}

/** The headers with others set, in place of all of their names; what is undefined is taken away. */
export function changed(headers: readonly Header[], changes: Readonly<Record<string, string | undefined>>): Header[] {
  const names = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const set = Object.entries(changes).filter((change): change is [string, string] => change[1] !== undefined);
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...set];
}

function endsHere(name: string, dropped: ReadonlySet<string>, named: ReadonlySet<string> | undefined): boolean {
  return dropped.has(name) || name.startsWith('proxy-') || (named?.has(name) === true && !FRAMING.includes(name));
}
