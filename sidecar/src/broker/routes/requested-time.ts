import { refuse } from '../refuse';

/** A time of a request in milliseconds since 1970. The schema knows its form, but not that a year has twelve months. */
export function requestedTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw refuse('BadRequest', 'notAfter must be a time such as 2030-01-31T12:00:00Z');
  return time;
}
