import type { IncomingHttpHeaders } from 'node:http';

/** Whether the client has the file as it is. https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2 */
export function isFresh(headers: IncomingHttpHeaders, tag: string, modifiedMs: number): boolean {
  const none = headers['if-none-match'];
  if (none !== undefined) return none.trim() === '*' || none.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && wholeSeconds(modifiedMs) <= since;
}

/** Whether a range is of another state of the file, so that the whole is to be answered. */
export function wholeWanted(headers: IncomingHttpHeaders, tag: string, modifiedMs: number): boolean {
  const known = headers['if-range'];
  if (typeof known !== 'string') return false;
  return known.startsWith('"') || known.startsWith('W/') ? known !== tag : Date.parse(known) !== wholeSeconds(modifiedMs);
}

/** What a date in a header can say. */
function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
