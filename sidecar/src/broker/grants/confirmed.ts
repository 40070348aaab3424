import { ApiError } from '../../server/http/errors';
import type { ActedFor } from '../callers/subject';
import type { Catalog, Snapshot } from '../catalog/catalog';

/**
 * Decides by the present snapshot. What that refuses is decided once more after a look at what it may lag behind: a run asks
 * as soon as it is made. Sessions are in no catalog, so there is nothing to look for.
 */
export async function confirmed<T>(
  catalog: Catalog, { run, session }: ActedFor, decide: (snapshot: Snapshot) => T, isRefusal: (decided: T) => boolean = () => false,
): Promise<T> {
  const first = attempt(catalog, decide);
  const refused = 'refusal' in first || isRefusal(first.decided);
  if (refused && catalog.confirm !== undefined && session === undefined) {
    await catalog.confirm(run);
    return decide(catalog.snapshot());
  }
  if ('refusal' in first) throw first.refusal;
  return first.decided;
}

function attempt<T>(catalog: Catalog, decide: (snapshot: Snapshot) => T): { readonly decided: T } | { readonly refusal: ApiError } {
  try {
    return { decided: decide(catalog.snapshot()) };
  } catch (error) {
    if (error instanceof ApiError) return { refusal: error };
    throw error;
  }
}
