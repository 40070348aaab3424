/**
 * A value as it came over the wire, its structure already checked. Twins get copies without a
 * prototype, so that a field named `constructor` is missing unless the user wrote one.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Wire = any;

/**
 * A rule that the API server evaluates as CEL and everything else as its TypeScript twin.
 * One table of fixtures runs both, so they cannot drift apart.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
export interface CelRule {
  readonly rule: string;
  /** What is allowed; the value and its place are added where the rule is evaluated. */
  readonly message: string;
  /** The field that is to blame, relative to the rule's place: `.field`. */
  readonly fieldPath?: string;
  /** The twin. `oldSelf` is there exactly for rules that name it. */
  readonly holds: (self: Wire, oldSelf?: Wire) => boolean;
}

/** Whether a rule compares an update with what was there before; such rules are silent on creation. */
export function isTransition(rule: CelRule): boolean {
  return /\boldSelf\b/.test(rule.rule);
}

/** A CEL list of strings. */
export function celList(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`;
}
