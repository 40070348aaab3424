import type { ActiveRun } from './turns';
import { Volume, isUsable, volumeCondition } from './volume';
import type { WorkspaceStatus } from '../../../../src/protocol/resources';
import { workspaceClaim } from '../../../../src/protocol/runs';
import { Condition, timeText, withCondition } from '../conditions';
import { defined } from '../objects/defined';
import type { Workspace } from '../objects/workspace';

export interface SeenWorkspace {
  readonly workspace: Workspace;
  readonly volume: Volume;
  readonly seeded: Said;
  readonly active?: ActiveRun;
  readonly now: number;
}

type Said = Pick<Condition, 'status' | 'reason' | 'message'>;

const CONDITIONS = ['PVCBound', 'Ready', 'Seeded'];

/** Every field of the status that the operator writes. */
export function workspaceStatus(seen: SeenWorkspace): WorkspaceStatus {
  const { workspace, volume, seeded, active, now } = seen;
  const { totalRuns = 0, lastCountedRun, activeRunRef, lastActivity } = workspace.status;
  const begins = active !== undefined && active.uid !== lastCountedRun;
  const changed = begins || active?.name !== activeRunRef;
  return defined<WorkspaceStatus>({
    phase: phaseOf(seen),
    pvcName: volume.kind === 'claim' ? workspaceClaim(workspace.name) : undefined,
    activeRunRef: active?.name,
    totalRuns: totalRuns + Number(begins),
    lastCountedRun: active?.uid ?? lastCountedRun,
    lastActivity: changed ? timeText(now) : lastActivity,
    conditions: conditionsOf(workspace, now, { PVCBound: volumeCondition(volume, workspace), Seeded: seeded, Ready: readyCondition(seen) }),
  });
}

/** Of a Workspace that somebody deletes. Its volume stays while a pod uses it, so nothing has to wait for that run here. */
export function terminatingStatus(workspace: Workspace, now: number): WorkspaceStatus {
  const Ready = { status: 'False', reason: 'Terminating', message: 'it is being deleted; its volume goes when no pod uses it any more' } as const;
  return { ...ownPart(workspace.status), phase: 'Terminating', conditions: conditionsOf(workspace, now, { Ready }) };
}

/** Without what others may have written: applied, it would become ours. */
export function ownPart({ phase, pvcName, activeRunRef, totalRuns, lastCountedRun, lastActivity, conditions }: WorkspaceStatus): WorkspaceStatus {
  const own = conditions?.filter(({ type }) => CONDITIONS.includes(type));
  return defined<WorkspaceStatus>({ phase, pvcName, activeRunRef, totalRuns, lastCountedRun, lastActivity, conditions: own });
}

function conditionsOf({ status, generation }: Workspace, now: number, said: Readonly<Record<string, Said>>): WorkspaceStatus['conditions'] {
  return Object.entries(said).reduce((list, [type, one]) => withCondition(list, { type, ...one }, now, generation), ownPart(status).conditions ?? []);
}

/** None until there is something that a run could work in. */
function phaseOf({ volume, seeded }: SeenWorkspace): WorkspaceStatus['phase'] {
  if (seeded.reason === 'SeedRejected' || (volume.kind === 'claim' && volume.claim.phase === 'Lost')) return 'Failed';
  if (!isUsable(volume)) return undefined;
  return seeded.status === 'True' ? 'Active' : 'Seeding';
}

/** Whether runs can work in it. One that has nothing cloned yet is ready for the run that does so, or nothing that waits for it to be ready would ever start one. */
function readyCondition({ workspace, volume, seeded }: SeenWorkspace): Said {
  if (seeded.reason === 'SeedRejected') return seeded;
  const { reason, message } = volumeCondition(volume, workspace);
  if (!isUsable(volume)) return { status: 'False', reason, message };
  return { status: 'True', reason: 'Ready', message: seeded.status === 'True' ? 'runs can work in it' : seeded.message };
}
