import type { WorkspaceStatus } from '../../../src/protocol/resources';
import { conditions as schema } from '../../../src/protocol/resources/common';
import { cutText } from '../server/text/cut-text';

/** Conditions of any kind: they all have one schema. */
export type Conditions = NonNullable<WorkspaceStatus['conditions']>;
export type Condition = Conditions[number];

const MAX_MESSAGE = schema.items.properties.message.maxLength;

/**
 * The list with the condition in it, sorted by type. The time of its last transition stays while its status does.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/condition/
 */
export function withCondition(
  list: readonly Condition[],
  { type, status, reason, message }: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>,
  now: number,
  generation: number,
): Conditions {
  const before = list.find((one) => one.type === type);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : timeText(now);
  // What the API server keeps as another text would be written again and again.
  const condition = { type, status, observedGeneration: generation, lastTransitionTime, reason, message: cutText(message, MAX_MESSAGE) };
  return [...list.filter((one) => one.type !== type), condition].sort((a, b) => (a.type < b.type ? -1 : 1));
}

export function conditionOf(list: readonly Condition[] | undefined, type: string): Condition | undefined {
  return list?.find((one) => one.type === type);
}

/** In whole seconds, as Kubernetes writes times. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
