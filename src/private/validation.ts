import { IConstruct } from 'constructs';

/**
 * A mistake in the user's input, found at synth.
 *
 * Unexported from the package: jsii cannot carry a class that extends Error.
 * The message names the construct path, the value and what is allowed.
 */
export class ValidationError extends Error {
  constructor(scope: IConstruct, message: string) {
    super(`${scope.node.path}: ${message}`);
    this.name = 'ValidationError';
  }
}

/** Throws one error that lists every problem; does nothing when there is none. */
export function refuse(scope: IConstruct, found: readonly string[]): void {
  if (found.length > 0) throw new ValidationError(scope, found.join('; '));
}

/** Problem text when `value` is not a whole number from `min` to `max`, else undefined. */
export function integerProblem(name: string, value: number, min: number, max: number): string | undefined {
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return `${name} must be a whole number from ${min} to ${max}, got ${value}`;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Problem text when `value` is not an RFC 1123 label of at most `max` characters, else undefined. */
export function dnsLabelProblem(name: string, value: string, max = 63): string | undefined {
  if (value.length <= max && DNS_LABEL.test(value)) return undefined;
  return `${name} must be an RFC 1123 label (lower-case letters, digits and '-', at most ${max} characters), got ${JSON.stringify(value)}`;
}

/** Drops the checks that found nothing. */
export function problems(...found: (string | undefined)[]): string[] {
  return found.filter((text): text is string => text !== undefined);
}
