import { isSessionId } from '../../store/record-text';
import type { Kept } from '../../store/store';
import { Principal, sees } from '../auth/principal';
import type { ControllerDeps } from '../controller-deps';
import { missing, refusalOf } from '../refuse';

/** The session, if it is there for the principal. One that is not there and one of somebody else give the same answer. */
export async function findSession({ store }: Pick<ControllerDeps, 'store'>, principal: Principal, id: string): Promise<Kept> {
  if (!isSessionId(id)) throw missing(id);
  const kept = await store.get(id).catch((error: unknown) => {
    throw refusalOf(error, id);
  });
  if (kept === undefined || !sees(principal, kept.record)) throw missing(id);
  return kept;
}
