import { API_GROUP_VERSION } from '../../../../src/protocol/names';
import type { HarnessRunStatus } from '../../../../src/protocol/resources';
import { STATUS_WRITERS } from '../../../../src/protocol/resources/status-writers';
import { OPERATOR_MANAGER } from '../../../../src/protocol/runs';
import { equal } from '../../../../src/protocol/schema/equal';
import type { KubeObject } from '../../kube/client';
import { hasCode } from '../../kube/kube-error';
import { Run, runsIn } from '../objects/run';
import type { OperatorDeps } from '../operator-deps';

/** What every write of a run says: the UID, so that a run which is gone is never made again. */
export function runHead({ namespace, name, uid }: Run) {
  return { apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', metadata: { name, namespace, uid } } as const;
}

/** Without what others write: applied, it would become ours. */
export function ownPart(status: HarnessRunStatus): HarnessRunStatus {
  return Object.fromEntries(Object.entries(status).filter(([field]) => STATUS_WRITERS.HarnessRun[field as keyof HarnessRunStatus] === 'operator'));
}

/**
 * Writes the status of a run over that from which it was made, and over that of no other run that has its name by now; answers our
 * part of it. The API server does not look at a UID in an apply of a status, so it is given the version that is known; when that
 * is behind, it is looked at once more. What a list or a watch that is behind has shown undoes nothing that was written since.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export async function writeStatus(
  { client, world }: Pick<OperatorDeps, 'client' | 'world'>,
  run: Run,
  before: HarnessRunStatus,
  status: HarnessRunStatus,
): Promise<HarnessRunStatus> {
  const { namespace, name, uid } = run;
  const runs = runsIn(namespace);
  const { metadata: head, ...rest } = runHead(run);
  const write = async (resourceVersion: string) => ownPartOf(
    await client.apply(runs, { ...rest, metadata: { ...head, resourceVersion }, status }, { fieldManager: OPERATOR_MANAGER, subresource: 'status' }),
  );
  const known = world.runs.get(namespace, name);
  const isBase = known?.uid === uid && equal(ownPart(known.status), before);
  try {
    return await write(isBase ? known.resourceVersion : run.resourceVersion);
  } catch (error) {
    if (!hasCode(error, 'Conflict')) throw error;
    // The broker writes what it has revoked, and people write annotations; or our own write was repeated.
    const there = await client.get(runs, name);
    if (there.metadata.uid !== uid || ![before, status].some((one) => equal(ownPartOf(there), one))) throw error;
    return write(String(there.metadata.resourceVersion));
  }
}

function ownPartOf({ status = {} }: KubeObject): HarnessRunStatus {
  return ownPart(status as HarnessRunStatus);
}
