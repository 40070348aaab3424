import { cancelReasonOf, deletionTime } from './deadline';
import { deletePod } from './delete-pod';
import { endRun } from './end';
import { renewLeases } from './leases/renewal';
import { nextAttempt } from './next-attempt';
import { whyWaiting } from './pod-events';
import type { Attempt } from './present-pod';
import { progress } from './progress';
import type { RunWork } from './run-work';
import { soonest } from '../again';
import { conditionOf } from '../conditions';
import { timeOf } from '../objects/meta';
import { networkStep } from './steps/network-step';
import type { Pod } from '../objects/pod';
import type { Again, OperatorDeps } from '../operator-deps';
import { phaseOf } from '../phase/phase-of';
import { isPodOver } from '../phase/pod-facts';
import { runPhaseOf, terminalWins } from '../phase/run-phase';
import type { Ended, Going, Observed, Stopping } from '../phase/verdict';

export interface FollowedAttempt extends Attempt {
  readonly stopping?: Stopping;
  /** Milliseconds since 1970. */
  readonly deadline?: number;
}

/** Milliseconds after which a pod is looked at again of which no watch tells, or that has to stop. */
const LOOK_AGAIN = 10_000;

/** Says what the pod does, and sees to what a run needs while it has one. */
export async function followAttempt(deps: OperatorDeps, work: RunWork, attempt: FollowedAttempt): Promise<Again> {
  const { pod, wasThere, isWatched, stopping, deadline } = attempt;
  if (pod !== undefined) recordPod(work, pod);
  const cancelReason = cancelReasonOf(work);
  const stop = { ...(stopping && { stopping }), ...(cancelReason !== undefined && { cancelReason }) };
  const verdict = phaseOf({ ...(pod && { pod }), wasThere, ...stop, before: toldBefore(work), now: work.now });
  // It is in the status together with what it is the reason of.
  if (verdict.reason === 'Cancelling' || verdict.reason === 'Cancelled') work.set({ cancelReason });
  if (verdict.kind === 'ended') return concluded(deps, work, verdict, pod, stopping);
  await tell(deps, work, verdict, pod);
  // The addresses of a pod count at the broker once they are in the status.
  await work.commit();
  const untilDeletion = pod === undefined || stopping === undefined ? undefined : deletionTime(pod, stopping, deadline) - work.now;
  if (pod !== undefined && untilDeletion !== undefined && untilDeletion <= 0) await deletePod(deps, pod);
  const renewed = stopping === undefined ? await renewLeases(deps, work) : undefined;
  const network = pod === undefined ? undefined : await networkStep(deps, work);
  const heldUp = pod !== undefined && awaitsFirstContainer(verdict, pod) ? HELD_UP : undefined;
  const fenced = network?.kind === 'wait' ? network.againAfter : undefined;
  const end = deadline === undefined || stopping !== undefined ? undefined : deadline - work.now;
  const deletion = untilDeletion !== undefined && untilDeletion > 0 ? untilDeletion : undefined;
  return soonest(verdict.againAfter, heldUp, renewed, fenced, end, deletion, isWatched ? undefined : LOOK_AGAIN);
}

async function concluded(deps: OperatorDeps, work: RunWork, ended: Ended, pod: Pod | undefined, stopping: Stopping | undefined): Promise<Again> {
  if (ended.stopsPod && pod !== undefined) await deletePod(deps, pod);
  const { attempt = 0 } = work.status;
  if (!ended.retryable || stopping !== undefined || attempt >= (work.run.spec.retries ?? 0)) return endRun(deps, work, ended);
  if (pod !== undefined && !isPodOver(pod)) return untilStopped(work, pod, ended);
  return nextAttempt(work, ended);
}

function toldBefore(work: RunWork): Observed['before'] {
  const { conditions, phase } = work.status;
  const told = conditionOf(conditions, 'Completed');
  return told && { reason: told.reason, message: told.message, hasBegun: phase === 'Running', isRetry: (work.status.attempt ?? 0) > 0, ...givenUpAt(work) };
}

function givenUpAt({ status }: RunWork): { readonly giveUpAt?: number } {
  const giveUpAt = timeOf(status.giveUpTime);
  return giveUpAt === undefined ? {} : { giveUpAt };
}

/** No two pods of a run are at work at once, not even one that ends and one that begins. */
function untilStopped(work: RunWork, pod: Pod, { reason }: Ended): Again {
  const message = `the attempt has ended with ${reason}; the next one begins when pod ${pod.name} has stopped`;
  // Its patience is over, and does not begin anew while the watch is behind.
  progress(work, { reason: 'Retrying', message, ...givenUpAt(work) });
  return LOOK_AGAIN;
}

/** What was recorded first of the template stays: whoever may write pods can change an annotation. */
function recordPod(work: RunWork, { uid, name, ips, template }: Pod): void {
  const recorded = work.status.podUID === uid ? work.status.template : undefined;
  work.set({ podUID: uid, podName: name, template: recorded ?? template, nextAttemptTime: undefined, ...(ips.length > 0 && { podIPs: [...ips] }) });
  work.condition('PodCreated', 'PodCreated', `pod ${name}`);
}

async function tell(deps: OperatorDeps, work: RunWork, going: Going, pod: Pod | undefined): Promise<void> {
  const before = work.status.agentPhase;
  const why = pod !== undefined && isHeldUp(going, pod, work.now) ? await whyWaiting(deps, pod) : undefined;
  const message = why === undefined ? going.message : `${going.message}; ${why}`;
  const agentPhase = terminalWins(before, going.agent);
  work.set({ agentPhase, phase: runPhaseOf(work.status.phase, going) });
  work.condition('PodReady', going.podReady, message);
  // The node has mounted it by then, wherever it came from.
  if (agentPhase === 'running') work.condition('PromptResolved', 'Resolved');
  const isNew = progress(work, { ...going, message });
  if (before !== agentPhase) work.event('Normal', capitalized(agentPhase), message);
  if (isNew && isHindrance(going)) work.event('Warning', going.reason, message);
}

/** What keeps a pod from going on until its time is over, at the latest that of its run. */
function isHindrance({ reason, giveUpAt }: Going): boolean {
  return giveUpAt !== undefined || reason === 'Unschedulable' || reason === 'VolumePending' || reason === 'NodeUnreachable';
}

/** Milliseconds after which it is asked, again and again, what keeps a pod from its first container: the kubelet tells it by Events alone. */
const HELD_UP = 20_000;

function awaitsFirstContainer({ reason }: Going, { inits }: Pod): boolean {
  return (reason === 'ContainerCreating' || reason === 'PodInitializing') && inits.every(({ state }) => state === 'waiting');
}

function isHeldUp(going: Going, pod: Pod, now: number): boolean {
  const { status, since } = pod.scheduled ?? {};
  return awaitsFirstContainer(going, pod) && status === 'True' && since !== undefined && now - since >= HELD_UP;
}

function capitalized(phase: string): string {
  return `${phase[0].toUpperCase()}${phase.slice(1)}`;
}
