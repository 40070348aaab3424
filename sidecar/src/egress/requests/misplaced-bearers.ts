import { basicParts } from './basic-parts';
import type { Header } from './passed-headers';
import { splitPath } from './passed-query';
import { EMBEDDED_TOKEN } from '../../crypto/sealed-token';
import { refuse } from '../refuse';

/** Refuses a request that would carry one of our bearers to an upstream. The text says where, and nothing of what is there. */
export function refuseBearers(headers: readonly Header[], target: string): void {
  const place = headers.flatMap(placeIn)[0] ?? placeInTarget(target);
  if (place === undefined) return;
  throw refuse('BEARER_MISPLACED', `the request carries a bearer in ${place}, where none is exchanged`);
}

function placeIn([name, value]: Header): string[] {
  if (hasBearer(name)) return ['the name of a header'];
  return [value, ...basicParts(value)].some(hasBearer) ? [`the header ${name.toLowerCase()}`] : [];
}

function placeInTarget(target: string): string | undefined {
  const { path, query } = splitPath(target);
  if (hasBearer(path)) return 'the path';
  return hasBearer(query) ? 'the query' : undefined;
}

/** Escaped twice is as far as servers unescape. */
function hasBearer(text: string): boolean {
  return EMBEDDED_TOKEN.test(text) || (text.includes('%') && [unescaped(text), unescaped(unescaped(text))].some((form) => EMBEDDED_TOKEN.test(form)));
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
