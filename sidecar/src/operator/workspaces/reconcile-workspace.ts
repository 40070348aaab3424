import { seededCondition, seedProblem } from './seeding';
import { ownPart, terminatingStatus, workspaceStatus } from './status';
import { tellChanges } from './tell';
import { activeRun, ActiveRun, heldFor, nextRun, podsOf, turnEnds } from './turns';
import { isUsable, Volume, volumeCondition, volumeOf } from './volume';
import { API_GROUP_VERSION } from '../../../../src/protocol/names';
import type { WorkspaceStatus } from '../../../../src/protocol/resources';
import { OPERATOR_MANAGER } from '../../../../src/protocol/runs';
import { equal } from '../../../../src/protocol/schema/equal';
import { hasCode } from '../../kube/kube-error';
import { soonest } from '../again';
import { Workspace, workspacesIn } from '../objects/workspace';
import type { Again, OperatorDeps } from '../operator-deps';

/** Milliseconds after which a claim that could not be made is tried again. */
const CLAIM_RETRY = 30_000;

/** Milliseconds in which the watch tells what somebody else has written. */
const CATCH_UP = 1000;

export type WorkspaceDeps = Pick<OperatorDeps, 'world' | 'client' | 'settings' | 'events' | 'clock'>;

interface Turn {
  readonly active?: ActiveRun;
  readonly again?: Again;
}

/** Sees to the volume of a Workspace, says whose turn it is to work in it, and writes its status if that is another one. */
export async function reconcileWorkspace(deps: WorkspaceDeps, namespace: string, name: string): Promise<Again> {
  const workspace = deps.world.workspaces.get(namespace, name);
  if (workspace === undefined) return undefined;
  const now = deps.clock();
  if (workspace.deletedAt !== undefined) return write(deps, workspace, terminatingStatus(workspace, now));
  const volume = await volumeOf(deps, workspace);
  const turn = await turnOf(deps, workspace, isUsable(volume) && seedProblem(workspace.spec) === undefined, now);
  const seeded = seededCondition({
    workspace,
    ...(volume.kind === 'claim' ? { claim: volume.claim } : {}),
    pods: workspace.spec.seed === undefined ? [] : podsOf(deps, namespace, workspace.status.lastCountedRun),
    ...(turn.active === undefined ? {} : { active: turn.active.name }),
  });
  const again = await write(deps, workspace, workspaceStatus({ workspace, volume, seeded, active: turn.active, now }));
  return again ?? soonest(turn.again, afterVolume(deps, workspace, volume));
}

/** Who works in the Workspace now; `open` when a run may begin to. */
async function turnOf(deps: WorkspaceDeps, workspace: Workspace, open: boolean, now: number): Promise<Turn> {
  const present = activeRun(workspace.status);
  if (present !== undefined) {
    const { ended, again } = await turnEnds(deps, workspace, present, now);
    if (!ended) return { active: present, again };
  }
  const next = open ? await nextRun(deps, workspace) : undefined;
  if (next === undefined) return {};
  const again = present === undefined ? heldFor(deps, workspace, next, now) : undefined;
  return again === undefined ? { active: { name: next.name, uid: next.uid } } : { again };
}

/** Only over the status that it was made from: by an older one another run would get its turn besides the one that has it. */
async function write({ client, events }: WorkspaceDeps, workspace: Workspace, status: WorkspaceStatus): Promise<Again> {
  if (equal(ownPart(workspace.status), status)) return undefined;
  const { namespace, name, uid, resourceVersion } = workspace;
  const object = { apiVersion: API_GROUP_VERSION, kind: 'Workspace', metadata: { name, namespace, uid, resourceVersion }, status };
  try {
    await client.apply(workspacesIn(namespace), object, { fieldManager: OPERATOR_MANAGER, subresource: 'status' });
    tellChanges(events, workspace, status);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'Conflict', 'NotFound')) return CATCH_UP;
    throw error;
  }
}

function afterVolume({ events }: WorkspaceDeps, workspace: Workspace, volume: Volume): Again {
  if (volume.kind === 'none') return CLAIM_RETRY;
  if (volume.kind !== 'lost') return undefined;
  const { namespace, name, uid } = workspace;
  events.record({ kind: 'Workspace', namespace, name, uid }, 'Warning', 'VolumeLost', volumeCondition(volume, workspace).message);
  // That there is nothing on it comes into the status before the new volume is made.
  return 0;
}
