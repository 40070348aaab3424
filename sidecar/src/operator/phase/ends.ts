import { logGoes } from './gone-log';
import { earlyHint, exitHint, isFinalCode, MEMORY_HINT, startHint } from './hints';
import { imposedEnd, ImposedEnd, TOO_LONG } from './imposed-ends';
import { failedInit, initEnded } from './init-ends';
import { hasBegun, isHeldOpen, isOverdue, isPodOver, toldAt } from './pod-facts';
import { quoted, sentence, withReason } from './sentence';
import type { Ended, Observed, Stopping } from './verdict';
import { isTriedAgain, waitedUntil } from './waited';
import type { EndReason } from '../../../../src/protocol/runs';
import type { ContainerState, Pod } from '../objects/pod';

/** What of a look tells why a pod had to end. */
type Stop = Pick<Observed, 'pod' | 'wasThere' | 'stopping' | 'cancelReason' | 'before'>;
type Told = Omit<ImposedEnd, 'retryable'> & Partial<ImposedEnd>;

/** Reasons of a container that the runtime could not start, those of containerd and of Docker. Their message is the runtime's, not the agent's. */
const NOT_STARTED: readonly (string | undefined)[] = ['StartError', 'ContainerCannotRun'];

/** The end of a run whose agent container has ended, which the exit code tells and nothing else. */
export function agentEnded(pod: Pod, agent: ContainerState, stop: Stop): Ended {
  const { retryable = false, message, ...end } = endOf(pod, agent, stop);
  const stopsPod = pod.deletedAt === undefined && !isPodOver(pod) && isHeldOpen(pod) && !isOverdue(pod);
  return {
    kind: 'ended',
    agent: agent.exitCode === 0 ? 'stopped' : 'error',
    ...end,
    message: losesLog(pod, stopsPod, end.reason) ? sentence(message, stopsPod ? HELD_OPEN : undefined, logGoes(pod)) : message,
    retryable: retryable && stop.stopping === undefined,
    stopsPod,
  };
}

const HELD_OPEN = 'another container keeps the pod running';

/** Whoever cancels a run has its pod deleted, and need not be told. */
function losesLog(pod: Pod, stopsPod: boolean, reason: EndReason): boolean {
  return (stopsPod || pod.deletedAt !== undefined) && hasBegun(pod) && reason !== 'Cancelled';
}

function endOf(pod: Pod, agent: ContainerState, stop: Stop): Told {
  const { stopping } = stop;
  const imposed = endedByItself(pod, agent) ? undefined : imposedOn(pod, stop);
  if (imposed === undefined) return ownEnd(agent, pod.userId);
  return stopping === undefined ? imposed : { reason: stopping, message: stopText(stopping, stop, hasBegun(pod) ? exitText(agent) : undefined) };
}

/** An end at the deadline that the kubelet has seen to: what the run has waited for says more than that. */
function imposedOn(pod: Pod, stop: Stop): ImposedEnd | undefined {
  const end = imposedEnd(pod);
  const hasWaited = end?.reason === 'DeadlineExceeded' && waitedUntil('DeadlineExceeded', stop) !== undefined;
  return hasWaited ? { ...end, message: lateText(stop) } : end;
}

/** What the agent did before anybody told its pod to end is its own doing, whoever has wanted an end meanwhile. */
function endedByItself(pod: Pod, { exitCode, finishedAt }: ContainerState): boolean {
  const told = toldAt(pod);
  return told === undefined ? exitCode === 0 : finishedAt !== undefined && finishedAt < told;
}

function ownEnd(agent: ContainerState, user: number | undefined): Told {
  const { exitCode, reason, message } = agent;
  if (exitCode === 0) return { reason: 'Succeeded', message: exitText(agent) };
  if (reason === 'OOMKilled') return { reason: 'OOMKilled', message: sentence(exitText(agent), MEMORY_HINT), retryable: true };
  if (reason === 'ContainerStatusUnknown') return { reason: 'NodeLost', message: sentence('the node has lost the container of the agent', quoted('the kubelet says', message)), retryable: true };
  if (NOT_STARTED.includes(reason)) {
    return { reason: 'RunContainerError', message: sentence('the agent could not be started', startHint(message), quoted('the runtime says', message)) };
  }
  return { reason: 'AgentFailed', message: sentence(exitText(agent), exitHint(exitCode), earlyHint(agent, user)), retryable: !isFinalCode(exitCode) };
}

function exitText({ exitCode, signal }: ContainerState): string {
  return `the agent has ended with exit code ${exitCode}${signal ? ` (signal ${signal})` : ''}`;
}

/** The end of a pod that is over and does not say how its agent has ended: evicted before it began, or garbage of a node that is gone. */
export function podEnded(pod: Pod, stop: Stop): Ended {
  if (pod.phase === 'Succeeded') return { kind: 'ended', agent: 'stopped', reason: 'Succeeded', message: 'all containers of the pod have succeeded', retryable: false, stopsPod: false };
  if (stop.stopping !== undefined) return stopped(stop.stopping, stop);
  const imposed = imposedOn(pod, stop);
  if (imposed !== undefined) return { kind: 'ended', agent: 'error', ...imposed, stopsPod: false };
  const init = failedInit(pod);
  if (init !== undefined) return initEnded(pod, init);
  const message = sentence('the pod has failed before the agent ended', quoted('its reason', pod.reason), quoted('the cluster says', pod.message));
  return { kind: 'ended', agent: 'error', reason: 'PodFailed', message, retryable: true, stopsPod: false };
}

/** The end of an attempt without a pod: it is gone, or was never made because the run had to end first. */
export function gone(stop: Stop): Ended {
  if (stop.stopping !== undefined) return stopped(stop.stopping, stop);
  return {
    kind: 'ended', agent: 'error', reason: 'PodLost', message: 'the pod of the run is gone: somebody has deleted it, or its node is no more', retryable: true, stopsPod: false,
  };
}

function stopped(stopping: Stopping, stop: Stop): Ended {
  return { kind: 'ended', agent: stopping === 'Cancelled' ? 'stopped' : 'error', reason: stopping, message: stopText(stopping, stop), retryable: false, stopsPod: false };
}

function stopText(stopping: Stopping, stop: Stop, exit?: string): string {
  if (stopping === 'Cancelled') return sentence(withReason('the run was cancelled', stop.cancelReason), exit, waitedUntil(stopping, stop));
  return lateText(stop, exit);
}

/** A run that has only waited would not be helped by more time. */
function lateText(stop: Stop, exit?: string): string {
  const waited = waitedUntil('DeadlineExceeded', stop);
  return sentence(waited === undefined || isTriedAgain(stop) ? TOO_LONG : undefined, exit, waited);
}
