import type { Header } from './passed-headers';
import { splitPath } from './passed-query';
import { hasToken } from '../../crypto/embedded-token';
import { basicParts } from '../../server/wire/basic-parts';
import { refuse } from '../refusals/refuse';

/** Refuses a request that would carry one of our bearers to an upstream. The text says where, and nothing of what is there. */
export function refuseBearers(headers: readonly Header[], target: string): void {
  const place = headers.flatMap(placeIn)[0] ?? placeInTarget(target);
  if (place === undefined) return;
  throw refuse('BEARER_MISPLACED', `the request carries a bearer in ${place}, where none is exchanged`);
}

function placeIn([name, value]: Header): string[] {
  if (hasToken(name)) return ['the name of a header'];
  return [value, ...basicParts(value)].some(hasToken) ? [`the header ${name.toLowerCase()}`] : [];
}

function placeInTarget(target: string): string | undefined {
  const { path, query } = splitPath(target);
  if (hasToken(path)) return 'the path';
  return hasToken(query) ? 'the query' : undefined;
}
