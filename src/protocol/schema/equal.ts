import type { Wire } from './rule';

/** Whether two JSON values are equal as CEL sees it: the order of an object's keys does not count. */
export function equal(a: Wire, b: Wire): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
}
