import type { MatchCondition, Validation, Variable } from 'kubernetes-types/admissionregistration/v1';

/** A rule of the API server about one kind of object, and where it holds. No webhook is involved, so nothing can fail open. */
export interface AdmissionRule {
  readonly name: string;
  /** API group of the resource; empty for core. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly operations: readonly string[];
  readonly matchConditions?: readonly MatchCondition[];
  readonly variables?: readonly Variable[];
  readonly validations: readonly Validation[];
}
