import { Meta, metaOf } from './meta';
import { ANNOTATIONS, API_GROUP, API_VERSION } from '../../../../src/protocol/names';
import { HarnessRunSpec, HarnessRunStatus, KINDS } from '../../../../src/protocol/resources';
import { MAX_CANCEL_REASON } from '../../../../src/protocol/resources/harness-run-status';
import { isTerminal } from '../../../../src/protocol/resources/phases';
import { RUN_FINALIZER } from '../../../../src/protocol/runs';
import type { KubeObject, Resource } from '../../kube/client';
import { cutText } from '../../server/text/cut-text';
import { oneLine } from '../../server/text/one-line';

/** A HarnessRun as the operator keeps it. */
export interface Run extends Meta {
  readonly hasFinalizer: boolean;
  /** Whether somebody wants it to end. */
  readonly isCancelled: boolean;
  /** What they give as the reason now, as far as it is kept; undefined when they give none. That of the status counts once it is `Cancelling`. */
  readonly cancelReason?: string;
  /** Without what may be long, which is read when it is needed. */
  readonly spec: Omit<HarnessRunSpec, keyof LongParts>;
  readonly hasInlinePrompt: boolean;
  readonly hasExtraEnv: boolean;
  readonly status: HarnessRunStatus;
}

/** Who may make runs could otherwise fill the memory of the operator with few of them. */
export type LongParts = Pick<HarnessRunSpec, 'prompt' | 'extraEnv'>;

/** Runs of a namespace. */
export function runsIn(namespace: string): Resource {
  return { group: API_GROUP, version: API_VERSION, plural: KINDS.HarnessRun.plural, namespace };
}

/** What is kept of a HarnessRun that has passed the checks of its kind. */
export function runOf(object: KubeObject): Run {
  const meta = metaOf(object);
  const { finalizers = [], annotations = {} } = object.metadata as { finalizers?: readonly string[]; annotations?: Readonly<Record<string, string>> };
  const { prompt, extraEnv = [], ...spec } = object.spec as HarnessRunSpec;
  const status = (object.status ?? {}) as HarnessRunStatus;
  const cancelReason = shortReason(annotations[ANNOTATIONS.cancel]);
  return {
    ...meta,
    hasFinalizer: finalizers.includes(RUN_FINALIZER),
    isCancelled: ANNOTATIONS.cancel in annotations,
    ...(cancelReason === '' ? {} : { cancelReason }),
    spec: isOver(status) ? endedSpec(spec) : spec,
    hasInlinePrompt: prompt !== undefined,
    hasExtraEnv: extraEnv.length > 0,
    status,
  };
}

function shortReason(text = ''): string {
  return cutText(oneLine(text), MAX_CANCEL_REASON, '...');
}

/** Whether a run is over for good; one without a phase has not begun. */
export function isOver({ phase = 'Pending' }: HarnessRunStatus): boolean {
  return isTerminal(phase);
}

/** Runs stay when they are over, and there may be very many. */
function endedSpec({ templateRef, workspaceRef, ttlSecondsAfterFinished, mode }: Run['spec']): Run['spec'] {
  return {
    templateRef,
    ...(workspaceRef === undefined ? {} : { workspaceRef }),
    ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }),
    ...(mode === undefined ? {} : { mode }),
  };
}
