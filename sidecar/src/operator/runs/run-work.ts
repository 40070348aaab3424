import type { HarnessRunStatus } from '../../../../src/protocol/resources';
import type { EndReason, RunConditionType, RunReason, WaitingReason } from '../../../../src/protocol/runs';
import type { Run } from '../objects/run';

/** One reconcile of one run: what it was when it began, and the status that it gets. */
export interface RunWork {
  readonly run: Run;
  /** Milliseconds since 1970, the same throughout the reconcile. */
  readonly now: number;
  /** As it will be written. Fields of the broker are not in it. */
  readonly status: HarnessRunStatus;
  /** Changes fields of the status that is to be written; `undefined` takes a field away. */
  set(change: { readonly [Field in keyof HarnessRunStatus]?: HarnessRunStatus[Field] | undefined }): void;
  condition<Type extends RunConditionType>(type: Type, reason: RunReason<Type>, message?: string): void;
  /** Writes the status now, if it differs from what is there. The end of the reconcile writes it in any case. */
  commit(): Promise<void>;
  /** Tells people, as an Event of the run. Never rejects; the same again within a reconcile is told once. */
  event(type: 'Normal' | 'Warning', reason: string, note: string): void;
}

/** What a run waits for. */
export interface Waiting {
  readonly reason: WaitingReason;
  /** For people. */
  readonly message: string;
  /** When the run is given up if that does not come, in milliseconds since 1970. @default - at its own end */
  readonly giveUpAt?: number;
}

/** How a step of a reconcile ended. */
export type Outcome<T = undefined> =
  | { readonly kind: 'done'; readonly value: T }
  /** The run goes on when something has happened that is watched, or after a time. */
  | ({ readonly kind: 'wait' } & Waiting & { readonly againAfter?: number })
  | { readonly kind: 'fail'; readonly reason: EndReason; readonly message: string };

export function done(): Outcome;
export function done<T>(value: T): Outcome<T>;
export function done<T>(value?: T): Outcome<T | undefined> {
  return { kind: 'done', value };
}

/** `againAfter` in milliseconds; without it only a change that is watched brings the run back. */
export function wait(reason: WaitingReason, message: string, againAfter?: number): Outcome<never> {
  return { kind: 'wait', reason, message, ...(againAfter === undefined ? {} : { againAfter }) };
}

export function fail(reason: EndReason, message: string): Outcome<never> {
  return { kind: 'fail', reason, message };
}
