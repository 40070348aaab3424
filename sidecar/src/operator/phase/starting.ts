import { logGoes } from './gone-log';
import { initEnded, isFatal } from './init-ends';
import { giveUpAt } from './patience';
import { dueSince, isPrepared, reached } from './pod-facts';
import { quoted, sentence } from './sentence';
import type { Ended, Going, Observed, Verdict } from './verdict';
import { Bear, BETWEEN, Decision, UNKNOWN, Wait, WAITING } from './waiting';
import { EndReason, RUN_CONTAINERS } from '../../../../src/protocol/runs';
import type { ContainerState, Pod } from '../objects/pod';

type Look = Pick<Observed, 'before' | 'now'>;

/** The phase of a pod that has a node and whose agent has not begun. */
export function starting(pod: Pod, look: Look): Verdict {
  const container = reached(pod);
  if (container !== undefined && isFatal(container)) return initEnded(pod, container);
  const working = container?.state === 'running' ? WORKING.get(container.name) : undefined;
  return working ?? decided(pod, hindranceOf(pod, container), look);
}

const WORKING: ReadonlyMap<string, Going> = new Map([
  [RUN_CONTAINERS.fence, {
    kind: 'going', agent: 'provisioning', reason: 'FenceWaiting', message: 'the pod waits until its NetworkPolicy holds; nothing of the run begins before', podReady: 'Pending',
  }],
  [RUN_CONTAINERS.seed, { kind: 'going', agent: 'cloning', reason: 'Cloning', message: 'the repositories of the Workspace are being cloned', podReady: 'Pending' }],
]);

/** What keeps the agent from beginning. */
interface Hindrance {
  readonly decision: Decision;
  /** Name of the container that is waited for; empty while it is none in particular. */
  readonly container: string;
  /** The state in words. */
  readonly text: string;
  /** Of the kubelet. */
  readonly message?: string;
  /** When the container that is kept from beginning was due, in milliseconds since 1970. */
  readonly since: number;
}

/** Only a waiting container has its message from the kubelet; one that has ended may have written it itself. */
function hindranceOf(pod: Pod, container: ContainerState | undefined): Hindrance {
  const reason = container === undefined ? undefined : hinders(container);
  if (container === undefined || reason === undefined) return { decision: BETWEEN, container: '', text: 'the pod is getting ready', since: dueSince(pod) };
  const message = container.state === 'waiting' && container.message !== undefined ? { message: container.message } : {};
  const { name } = container;
  return { decision: WAITING.get(reason) ?? UNKNOWN, container: name, text: quoted(`container ${name}`, reason) ?? `container ${name} waits`, ...message, since: dueSince(pod, container) };
}

/** The reason for which a container keeps those behind it from beginning. A sidecar that has ended is begun again, ever later. */
function hinders({ state, reason, exitCode }: ContainerState): string | undefined {
  if (state === 'waiting') return reason;
  return state === 'terminated' && exitCode !== 0 ? 'CrashLoopBackOff' : undefined;
}

function decided(pod: Pod, { decision, container, text, message, since }: Hindrance, look: Look): Verdict {
  const says = quoted('the kubelet says', message);
  if (decision.kind === 'refuse') return givenUp(decision.end, false, sentence(text, decision.hint, says));
  if (decision.kind === 'wait') {
    const left = since + decision.hintAfter - look.now;
    return going(pod, decision, sentence(text, left > 0 ? undefined : decision.hint, says), left > 0 ? { againAfter: left } : {});
  }
  const hint = decision.hint(message ?? '', container);
  const { meanwhile } = decision;
  const until = giveUpAt(decision, since, look);
  if (look.now < until) return going(pod, decision, sentence(text, hint, meanwhile, says), { againAfter: until - look.now, giveUpAt: until });
  const left = meanwhile === undefined ? [] : [lastExit(pod), logGoes(pod)];
  return givenUp(decision.end, decision.retryable, sentence(text, hint, `given up after ${decision.patience / 60_000} min`, ...left, says));
}

/** Of the container that is begun again and again: all that is shown of its own words, as those of foreign programs may be secret. */
function lastExit(pod: Pod): string | undefined {
  const { exitCode, lastExitCode } = reached(pod) ?? {};
  const code = exitCode ?? lastExitCode;
  return code === undefined ? undefined : `it ended with exit code ${code}`;
}

/** The kubelet would go on with a pod that has not failed. */
function givenUp(reason: EndReason, retryable: boolean, message: string): Ended {
  return { kind: 'ended', agent: 'error', reason, message, retryable, stopsPod: true };
}

function going(pod: Pod, { reason }: Wait | Bear, message: string, times: Pick<Going, 'againAfter' | 'giveUpAt'>): Going {
  return { kind: 'going', agent: isPrepared(pod) ? 'starting' : 'provisioning', reason, message, podReady: 'Pending', ...times };
}
