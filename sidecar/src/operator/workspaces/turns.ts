import { LABELS } from '../../../../src/protocol/names';
import { EPHEMERAL_SUFFIX } from '../../../../src/protocol/resources';
import { runObjects, STOP_MARGIN_SECONDS } from '../../../../src/protocol/runs';
import { hasCode } from '../../kube/kube-error';
import { Pod, podOf } from '../objects/pod';
import { isOver, Run, runOf, runsIn } from '../objects/run';
import type { Workspace } from '../objects/workspace';
import type { Again, OperatorDeps } from '../operator-deps';

/** The run whose turn it is. */
export interface ActiveRun {
  readonly name: string;
  readonly uid: string;
}

/** Milliseconds after which pods that have to end are looked at again. */
const RECHECK = 10_000;

/** Most pods that work in a Workspace, with room to spare. */
const PODS = 100;

/** Milliseconds by which the clocks of two API servers may differ; their times are in whole seconds. */
const CLOCKS = 1000;

type TurnDeps = Pick<OperatorDeps, 'world' | 'client'>;

/** A run is counted when its turn comes, so the one that was counted last is the one that is active. */
export function activeRun({ activeRunRef: name, lastCountedRun: uid }: Workspace['status']): ActiveRun | undefined {
  return name === undefined || uid === undefined ? undefined : { name, uid };
}

/** Pods of a run that the operator knows. */
export function podsOf({ world }: Pick<OperatorDeps, 'world'>, namespace: string, uid: string | undefined): Pod[] {
  return uid === undefined ? [] : [...world.pods.of(namespace)].filter(({ ownerUid }) => ownerUid === uid);
}

export interface TurnEnd {
  readonly ended: boolean;
  /** When to ask again. */
  readonly again?: Again;
}

/** Whether the turn of a run has ended: it is over or gone, and no pod works in the Workspace any more. */
export async function turnEnds(deps: TurnDeps, workspace: Workspace, active: ActiveRun, now: number): Promise<TurnEnd> {
  const { namespace } = workspace;
  const known = deps.world.runs.get(namespace, active.name);
  const run = known?.uid === active.uid ? known : await readRun(deps, namespace, active);
  if (run !== undefined && !isOver(run.status)) return { ended: false };
  const again = workFor(await lastPods(deps, workspace, active, run), run, now);
  return { ended: again === undefined, again };
}

/** Milliseconds after which a Workspace in which nobody has a turn is looked at again, as pods of others work in it: they may be older than it, and have its volume. */
export function heldFor(deps: Pick<OperatorDeps, 'world'>, workspace: Workspace, next: Run, now: number): Again {
  const others = [...deps.world.pods.of(workspace.namespace)].filter((pod) => pod.workspace === workspace.name && pod.ownerUid !== next.uid);
  return workFor(others, undefined, now);
}

/** Asks the API server where the operator does not know the last pod: it may be gone, or made just before this replica began. */
async function lastPods(deps: TurnDeps, workspace: Workspace, { uid }: ActiveRun, run: Run | undefined): Promise<Pod[]> {
  const { namespace, name } = workspace;
  // Whoever owns them: a pod whose owner was taken off (`kubectl delete --cascade=orphan`) works on.
  const known = [...deps.world.pods.of(namespace)].filter((pod) => pod.workspace === name || pod.ownerUid === uid);
  const last = run?.status.podUID;
  if (run !== undefined && (last === undefined || known.some((pod) => pod.uid === last))) return known;
  const { items } = await deps.client.list({ ...WORKING_PODS, namespace, labels: `${LABELS.runWorkspace}=${name}` }, { limit: PODS });
  return items.map(podOf);
}

/** Those of runs that are over stay, and may be many. */
const WORKING_PODS = { group: '', version: 'v1', plural: 'pods', fields: 'status.phase!=Succeeded,status.phase!=Failed' } as const;

/** Milliseconds after which it is asked again whether pods work; undefined when none does. */
function workFor(pods: readonly Pod[], run: Run | undefined, now: number): Again {
  const waits = pods.map((pod) => stopsIn(pod, run === undefined, now)).filter((left) => left > 0);
  return waits.length === 0 ? undefined : Math.min(RECHECK, ...waits);
}

/** Milliseconds until a pod does not count any more. A pod on a node that is gone holds the Workspace until the run is deleted. */
function stopsIn({ phase, deletedAt }: Pod, runIsGone: boolean, now: number): number {
  if (phase === 'Succeeded' || phase === 'Failed') return 0;
  // The deletion time of a pod is the end of its grace period.
  return runIsGone && deletedAt !== undefined ? deletedAt + STOP_MARGIN_SECONDS * 1000 - now : Infinity;
}

/** The run whose turn is next: the one that waits longest. */
export async function nextRun(deps: TurnDeps, workspace: Workspace): Promise<Run | undefined> {
  const waiting = usersOf(deps, workspace).filter(mayBegin).sort(longestWaitFirst);
  for (const run of waiting) if (workspace.spec.ephemeral === true || await stillWaits(deps, run)) return run;
  return undefined;
}

/** A run that was over would be counted twice. Only where one run works anyway, that is not worth a call. */
async function stillWaits(deps: TurnDeps, run: Run): Promise<boolean> {
  const found = await readRun(deps, run.namespace, run);
  return found !== undefined && mayBegin(found);
}

/** The run as the API server has it now; undefined when it is gone. */
async function readRun({ client }: TurnDeps, namespace: string, { name, uid }: ActiveRun): Promise<Run | undefined> {
  try {
    const run = runOf(await client.get(runsIn(namespace), name));
    return run.uid === uid ? run : undefined;
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Of a Workspace that was made for a run, that run alone; it is found by its name, as there may be very many of both. */
function usersOf({ world }: TurnDeps, workspace: Workspace): Run[] {
  const { namespace, name, spec } = workspace;
  if (spec.ephemeral !== true) return [...world.runs.of(namespace)].filter((run) => run.spec.workspaceRef === name);
  const run = world.runs.get(namespace, name.slice(0, -EPHEMERAL_SUFFIX.length));
  return run !== undefined && run.spec.workspaceRef === undefined && isMadeFor(run, workspace) ? [run] : [];
}

/**
 * Whether the operator made the Workspace for the run. Whoever may write Workspaces can write an owner, but not when it was made;
 * and nothing is cloned into what the operator makes.
 */
export function isMadeFor(run: Run, { name, ownerUid, spec, createdAt }: Workspace): boolean {
  const saysSo = name === runObjects(run.name).workspace && ownerUid === run.uid && spec.ephemeral === true;
  return saysSo && spec.seed === undefined && createdAt + CLOCKS >= run.createdAt;
}

function mayBegin({ status, deletedAt, isCancelled }: Run): boolean {
  return !isOver(status) && deletedAt === undefined && !isCancelled;
}

function longestWaitFirst(a: Run, b: Run): number {
  return a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}
