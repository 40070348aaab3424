import type { Wire } from './rule';

/**
 * A copy whose objects have no prototype, so that every read finds only what the user wrote.
 * A null field is missing, as the API server drops it too.
 */
export function bare(value: unknown): Wire {
  if (Array.isArray(value)) return value.map(bare);
  if (!isPlainObject(value)) return value;
  const copy = Object.create(null);
  for (const [key, field] of Object.entries(value)) {
    if (field !== null && field !== undefined) copy[key] = bare(field);
  }
  return copy;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Whether a value of a bare copy is an object with fields. */
export function isFields(value: unknown): value is Record<string, Wire> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}

const MAX_SHOWN = 80;

/** A value for messages, cut to a readable length and without the password of a URL. */
export function shown(value: unknown): string {
  const all = (JSON.stringify(value) ?? String(value)).replace(/(:\/\/)[^@/"]*@/g, '$1…@');
  return all.length <= MAX_SHOWN ? all : `${all.slice(0, MAX_SHOWN)}…`;
}
