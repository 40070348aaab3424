import { hasCode } from '../../kube/kube-error';
import type { Pod } from '../objects/pod';
import type { OperatorDeps } from '../operator-deps';

export const PODS = { group: '', version: 'v1', plural: 'pods' } as const;

/** Tells a pod to stop, with its own grace period. Another pod of its name stays. */
export async function deletePod({ client }: Pick<OperatorDeps, 'client'>, { namespace, name, uid, deletedAt }: Pod): Promise<void> {
  if (deletedAt !== undefined) return;
  await client.delete({ ...PODS, namespace }, name, { uid }).catch((error: unknown) => {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  });
}
