import type { IncomingMessage } from 'node:http';
import { RUN_HEADER, RUN_NAMESPACE_HEADER, RUN_UID_HEADER } from '../../../../src/protocol/broker-api';

/**
 * Headers that decide who asks for what. Of two, Node reads one and a proxy in front may
 * have read the other. https://www.rfc-editor.org/rfc/rfc9110#section-5.3
 */
export const SINGLE_HEADERS: readonly string[] = [
  'authorization', 'content-length', 'content-type', 'host', 'transfer-encoding', RUN_HEADER, RUN_NAMESPACE_HEADER, RUN_UID_HEADER,
];

const SINGLE = new Set(SINGLE_HEADERS);

/** What is wrong with the headers of a request; undefined when nothing is. */
export function headerProblem(request: Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'httpVersionMinor'>, maxHeaders: number): string | undefined {
  const { rawHeaders } = request;
  if (rawHeaders.length > 2 * maxHeaders) return `more than ${maxHeaders} headers`;
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at].toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) return `the header ${name} is there twice`;
    seen.add(name);
  }
  if (request.httpVersionMinor > 0 && !seen.has('host')) return 'the header host is missing';
  return undefined;
}

/** Whether bytes of a body follow the headers. */
export function announcesBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0');
}

const JSON_TYPE = /^(?:application|text)\/(?:[a-z0-9.+-]*\+)?json\s*(?:;|$)/i;

/** JSON, or nothing said. */
export function mayBeJson(contentType: string | undefined): boolean {
  return contentType === undefined || contentType === '' || contentType === 'application/json' || JSON_TYPE.test(contentType);
}
