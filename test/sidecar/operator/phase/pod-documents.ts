import type { ContainerStatus, Pod as ApiPod, PodCondition, PodStatus } from 'kubernetes-types/core/v1';
import type { KubeObject } from '../../../../sidecar/src/kube/client';
import { podOf } from '../../../../sidecar/src/operator/objects/pod';
import { phaseOf } from '../../../../sidecar/src/operator/phase/phase-of';
import type { Observed, Verdict } from '../../../../sidecar/src/operator/phase/verdict';
import { LABELS } from '../../../../src/protocol/names';

export const NOW = Date.parse('2026-03-01T12:00:00Z');

/** A time of the API, in seconds before NOW. */
export const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString().replace('.000Z', 'Z');

type Extra = Readonly<Record<string, unknown>>;

const container = (name: string, state: ContainerStatus['state'], restartCount = 0): ContainerStatus => (
  { name, state, restartCount, ready: false, image: 'registry.example/image:1', imageID: '', lastState: {} }
);

export const waiting = (name: string, reason: string, message?: string): ContainerStatus => (
  container(name, { waiting: { reason, ...(message && { message }) } })
);
export const running = (name: string, seconds = 20): ContainerStatus => container(name, { running: { startedAt: ago(seconds) } });
export const terminated = (name: string, exitCode: number, extra: Extra = {}): ContainerStatus => container(name, {
  terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: ago(20), finishedAt: ago(10), containerID: `containerd://${name}`, ...extra },
});
export const again = (status: ContainerStatus, restartCount: number): ContainerStatus => ({ ...status, restartCount });

export const condition = (type: string, status: string, extra: Extra = {}): PodCondition => ({ type, status, lastTransitionTime: ago(30), ...extra });
export const SCHEDULED = condition('PodScheduled', 'True');

/** A pod that has a node since 30 s, and half an hour for its work, as the API server gives it. */
export function document(status: PodStatus, metadata: Extra = {}): ApiPod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'team',
      name: 'fix-0',
      uid: 'a1c2',
      resourceVersion: '77',
      creationTimestamp: ago(31),
      labels: { [LABELS.run]: 'fix' },
      ...metadata,
    },
    spec: { containers: [], terminationGracePeriodSeconds: 60, activeDeadlineSeconds: 1800 },
    status: { phase: 'Pending', startTime: ago(30), conditions: [SCHEDULED], ...status },
  };
}

/** The deadline of the pod was so many seconds ago. */
export const overdue = (seconds: number): PodStatus => ({ startTime: ago(1800 + seconds) });

/** Deletion was asked for so many seconds ago; the API server writes when its grace is over. */
export const deleted = (seconds: number): Extra => ({ deletionTimestamp: ago(seconds - 60), deletionGracePeriodSeconds: 60 });

/** What is observed and what it must mean. */
export interface Row {
  /** A sentence. */
  readonly name: string;
  readonly pod?: ApiPod;
  /** Unless it says otherwise, whether there is a pod now. */
  readonly wasThere?: boolean;
  readonly stopping?: Observed['stopping'];
  readonly cancelReason?: string;
  readonly before?: Observed['before'];
  readonly verdict: Partial<Verdict>;
  readonly says: RegExp;
}

/** What the status said before the agent began, with the time at which the attempt is given up: in so many seconds. */
export const said = (reason: string, seconds?: number, message = ''): NonNullable<Observed['before']> => (
  { reason, message, hasBegun: false, isRetry: false, ...(seconds !== undefined && { giveUpAt: NOW + seconds * 1000 }) }
);

export type Look = Pick<Row, 'pod' | 'wasThere' | 'stopping' | 'cancelReason' | 'before'>;

export function observed({ pod, wasThere = pod !== undefined, stopping, cancelReason, before }: Look): Observed {
  const given = { ...(stopping && { stopping }), ...(cancelReason && { cancelReason }), ...(before && { before }) };
  return { ...(pod && { pod: podOf(pod as unknown as KubeObject) }), wasThere, ...given, now: NOW };
}

export function verdictOf(look: Look): Verdict {
  return phaseOf(observed(look));
}

/** Tests each row. */
export function holdsFor(rows: readonly Row[]): void {
  test.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const verdict = verdictOf(row);
    expect(verdict).toMatchObject(row.verdict);
    expect(verdict.message).toMatch(row.says);
  });
}
