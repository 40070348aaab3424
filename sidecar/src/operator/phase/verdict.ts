import type { AgentPhase } from '../../../../src/protocol/resources';
import type { EndReason, RunReason, WaitingReason } from '../../../../src/protocol/runs';
import type { Pod } from '../objects/pod';

/** Why the operator has an attempt stopped. */
export type Stopping = 'Cancelled' | 'DeadlineExceeded';

/** What the phase of a run's present attempt is told by. Nothing else counts: not what was read still earlier, not what a pod says of itself in labels. */
export interface Observed {
  /** The pod of the attempt; undefined when there is none. */
  readonly pod?: Pod;
  /** Whether there was one: the status names its UID. */
  readonly wasThere: boolean;
  /** Undefined while it may go on. */
  readonly stopping?: Stopping;
  /** What whoever has cancelled the run says, on one line. */
  readonly cancelReason?: string;
  /** What the status says since the look before; undefined when there was none. */
  readonly before?: Before;
  readonly now: number;
}

export interface Before {
  /** Of the condition `Completed`. */
  readonly reason: string;
  readonly message: string;
  /** Whether the agent of this attempt was seen to run. */
  readonly hasBegun: boolean;
  /** Whether another attempt came before this one. */
  readonly isRetry: boolean;
  /** Milliseconds since 1970. */
  readonly giveUpAt?: number;
}

/** The phase of an attempt. */
export type Verdict = Going | Ended;

export interface Going {
  readonly kind: 'going';
  readonly agent: Exclude<AgentPhase, 'stopped' | 'error'>;
  readonly reason: WaitingReason;
  /** One sentence for people: what is waited for and what they can do. */
  readonly message: string;
  readonly podReady: RunReason<'PodReady'>;
  /** Milliseconds after which it may be something else though nothing has happened. */
  readonly againAfter?: number;
  /** When the attempt is given up unless it recovers, in milliseconds since 1970; undefined when it is not. */
  readonly giveUpAt?: number;
}

export interface Ended {
  readonly kind: 'ended';
  readonly agent: 'stopped' | 'error';
  readonly reason: EndReason;
  readonly message: string;
  /** Whether another attempt may end otherwise; whether there is one left is not asked here. */
  readonly retryable: boolean;
  /** Whether the pod is still there and has to be deleted. */
  readonly stopsPod: boolean;
}
