import type { CelRule } from '../schema/rule';
import type { ObjectSchema, Schema } from '../schema/types';

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  /** 1: only with `kubectl get -o wide`. */
  readonly priority?: 0 | 1;
}

/** Everything that defines a kind of custom resource. */
export interface ResourceKind {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  readonly description: string;
  readonly spec: Schema;
  /** Without it the kind has no status subresource. */
  readonly status?: Schema;
  /** Rules on the whole object. Of the metadata they see `name` and `generateName`. */
  readonly rules?: readonly CelRule[];
  readonly printerColumns: readonly PrinterColumn[];
}

/** The columns that end with the object's age. */
export const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The part of a condition that a column shows. */
export function conditionPath(type: string, part: 'status' | 'reason' | 'message'): string {
  return `.status.conditions[?(@.type=="${type}")].${part}`;
}

/** The schema of a whole object, as the API server has it. */
export function objectSchema(kind: ResourceKind): ObjectSchema {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: kind.spec,
      ...(kind.status === undefined ? {} : { status: kind.status }),
    },
    ...(kind.rules === undefined ? {} : { 'x-kubernetes-validations': kind.rules }),
  };
}

/** A rule that keeps an object's name within `max` characters. */
export function nameAtMost(max: number, why: string): CelRule {
  return {
    rule: `size(self.metadata.name) <= ${max}`,
    message: `metadata.name must have at most ${max} characters: ${why}`,
    holds: ({ metadata }) => (metadata.name ?? '').length <= max,
  };
}
