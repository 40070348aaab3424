import type { OwnedManifest, RunOwner } from '../../../../../src/manifests/run-objects';
import { OPERATOR_MANAGER } from '../../../../../src/protocol/runs';
import type { Resource } from '../../../kube/client';
import { admissionRefusal, hasCode } from '../../../kube/kube-error';
import type { Run } from '../../objects/run';
import type { OperatorDeps } from '../../operator-deps';

/** The API server answers a full quota that is being counted with 409, too; only this reason says that the name is taken. */
const TAKEN = /\bAlreadyExists$/;

export function isTaken(error: unknown): boolean {
  return hasCode(error, 'Conflict') && TAKEN.test((error as Error).message);
}

export function ownerOf({ platform }: Pick<OperatorDeps['settings'], 'platform'>, { namespace, name, uid }: Run): RunOwner {
  return { platform, namespace, name, uid };
}

/**
 * Makes an object of a run, or puts it in place of the one that is there. Answers false when that is none of a run of the same
 * name: admission says so, as Secrets cannot be read here. What an earlier run of the name has left is no loss.
 */
export async function putOwned(client: OperatorDeps['client'], resource: Resource, manifest: OwnedManifest): Promise<boolean> {
  try {
    await client.create(resource, manifest, { fieldManager: OPERATOR_MANAGER, repeatable: true });
    return true;
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
  try {
    await client.replace(resource, manifest, { fieldManager: OPERATOR_MANAGER });
    return true;
  } catch (error) {
    if (admissionRefusal(error) === 'Policy') return false;
    throw error;
  }
}
