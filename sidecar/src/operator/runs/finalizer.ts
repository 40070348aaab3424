import type { RunWork } from './run-work';
import { runHead } from './write-run';
import { OPERATOR_MANAGER, RUN_FINALIZER } from '../../../../src/protocol/runs';
import { hasCode } from '../../kube/kube-error';
import { runsIn } from '../objects/run';
import type { OperatorDeps } from '../operator-deps';

type FinalizerDeps = Pick<OperatorDeps, 'client'>;

/** Before anything is made that has to be taken back. */
export async function addFinalizer({ client }: FinalizerDeps, { run }: RunWork): Promise<void> {
  if (run.hasFinalizer) return;
  const { metadata, ...head } = runHead(run);
  const kept = { ...head, metadata: { ...metadata, finalizers: [RUN_FINALIZER] } };
  await client.apply(runsIn(run.namespace), kept, { fieldManager: OPERATOR_MANAGER });
}

/** Once nothing is left to take back: from then on the run can be deleted without the operator. */
export async function removeFinalizer({ client }: FinalizerDeps, { run }: RunWork): Promise<void> {
  if (!run.hasFinalizer) return;
  const runs = runsIn(run.namespace);
  try {
    // What a field manager applied and does not name any more goes; finalizers of others stay.
    const { metadata: { finalizers } } = await client.apply(runs, runHead(run), { fieldManager: OPERATOR_MANAGER });
    const at = Array.isArray(finalizers) ? finalizers.indexOf(RUN_FINALIZER) : -1;
    if (at < 0) return;
    // It came with the manifest, as from a backup, so that it is also that of whoever applied it.
    const path = `/metadata/finalizers/${at}`;
    await client.jsonPatch(runs, run.name, [{ op: 'test', path, value: RUN_FINALIZER }, { op: 'remove', path }], { fieldManager: OPERATOR_MANAGER });
  } catch (error) {
    // Of a run that is gone; without it the UID fits nothing.
    if (run.deletedAt === undefined || !hasCode(error, 'NotFound', 'Conflict')) throw error;
  }
}
