import { quoted, sentence } from './sentence';
import type { Ended } from './verdict';
import { EndReason, RUN_CONTAINERS } from '../../../../src/protocol/runs';
import type { ContainerState, Pod } from '../objects/pod';

interface InitEnd {
  readonly reason: EndReason;
  readonly hint: (pod: Pod, name: string) => string;
  /** Whether what the container itself says of its end is shown: the fence is ours and knows no secret, the others repeat what foreign programs say. */
  readonly quotes: boolean;
}

const logOf = ({ namespace, name: pod }: Pod, name: string): string => `kubectl logs -n ${namespace} ${pod} -c ${name} says why`;

const INIT_ENDS: ReadonlyMap<string, InitEnd> = new Map<string, InitEnd>([
  [RUN_CONTAINERS.fence, {
    reason: 'FenceFailed',
    hint: () => 'the NetworkPolicy of the pod did not come to hold; check that the network plugin enforces NetworkPolicies and that the egress proxy runs',
    quotes: true,
  }],
  [RUN_CONTAINERS.seed, {
    reason: 'SeedFailed',
    hint: (pod, name) => `the repositories of the Workspace were not cloned; check their URLs and what the policies grant; ${logOf(pod, name)}`,
    quotes: false,
  }],
]);

const OTHER: InitEnd = { reason: 'InitFailed', hint: (pod, name) => `the agent never began; ${logOf(pod, name)}`, quotes: false };

/** Whether the end of a container means that of the pod. The kubelet begins a sidecar again, and of containers that others have added nothing is known. */
export function isFatal({ name, state, exitCode }: ContainerState): boolean {
  return state === 'terminated' && exitCode !== 0 && INIT_ENDS.has(name);
}

/** The first init container that has failed. */
export function failedInit({ inits }: Pod): ContainerState | undefined {
  return inits.find(({ state, exitCode }) => state === 'terminated' && exitCode !== 0);
}

/** The end of a run by one of its init containers, which is no fault of the agent: it never ran. The kubelet ends the pod. */
export function initEnded(pod: Pod, { name, exitCode, message }: ContainerState): Ended {
  const { reason, hint, quotes } = INIT_ENDS.get(name) ?? OTHER;
  const says = quotes ? quoted('it says', message) : undefined;
  const text = sentence(`init container ${name} has failed with exit code ${exitCode}`, hint(pod, name), says);
  return { kind: 'ended', agent: 'error', reason, message: text, retryable: true, stopsPod: false };
}
