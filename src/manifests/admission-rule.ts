import type { MatchCondition, Validation, Variable } from 'kubernetes-types/admissionregistration/v1';
import { Account } from './rbac';

/** A rule of the API server about one kind of object, and where it holds. No webhook is involved, so nothing can fail open. */
export interface AdmissionRule {
  readonly name: string;
  /** API group of the resource; empty for core. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly operations: readonly string[];
  /**
   * The only account that it is about. It then holds in every namespace: rights outlive the list of namespaces, when nobody
   * prunes what is no longer in the app, or when parts of it are applied on their own.
   */
  readonly account?: Account;
  readonly matchConditions?: readonly MatchCondition[];
  readonly variables?: readonly Variable[];
  readonly validations: readonly Validation[];
}
