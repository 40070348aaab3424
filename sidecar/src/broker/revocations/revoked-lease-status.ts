import { HarnessRunStatus, MAX_LEASES } from '../../../../src/protocol/resources';
import type { KubeClient } from '../../kube/client';
import { hasCode } from '../../kube/kube-error';
import { resourceOf } from '../catalog/kubernetes/custom-objects';
import type { RunName } from '../catalog/run-name';
import { refuse } from '../refuse';

const FIELD_MANAGER = 'broker';

/**
 * Writes revoked leases to the status of their run. Admission keeps the first time of each, so those that are there already are left as they are.
 * A run that is gone has no leases, and another of its name has others: then there is nothing to write.
 */
export async function writeRevokedLeases(client: KubeClient, run: RunName, ids: readonly string[], time: string): Promise<void> {
  const runs = resourceOf('HarnessRun', run.namespace);
  const write = async (added: readonly string[]): Promise<void> => {
    const status = { revokedLeases: Object.fromEntries(added.map((id) => [id, time])) };
    const answer = await client.mergePatch(runs, run.name, { status }, { subresource: 'status', fieldManager: FIELD_MANAGER });
    // What a definition does not have is dropped without a word.
    const { revokedLeases = {} } = (answer.status ?? {}) as HarnessRunStatus;
    if (added.every((id) => Object.hasOwn(revokedLeases, id))) return;
    throw refuse('ProviderFailure', 'revoke failed: the definition of HarnessRun has no status.revokedLeases; apply that of this version');
  };
  try {
    await write(ids).catch(async (error: unknown) => {
      if (!hasCode(error, 'Forbidden', 'Invalid')) throw error;
      const { revokedLeases = {} } = ((await client.get(runs, run.name)).status ?? {}) as HarnessRunStatus;
      const missing = ids.filter((id) => !Object.hasOwn(revokedLeases, id));
      if (missing.length === 0) return;
      if (Object.keys(revokedLeases).length + missing.length > MAX_LEASES) {
        throw refuse('ProviderFailure', `revoke failed: status.revokedLeases of run ${run.namespace}/${run.name} takes ${MAX_LEASES} leases, and no more fit; end the run to revoke all of them`, { cause: error });
      }
      if (missing.length === ids.length) throw error;
      await write(missing);
    });
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}
