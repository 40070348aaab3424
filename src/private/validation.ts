import { Duration } from 'cdk8s';
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

/** Problem text when a time is not a whole number of seconds from `min` to `max`, else undefined. */
export function secondsProblem(name: string, time: Duration | undefined, min: number, max: number): string | undefined {
  return time && integerProblem(`${name} in seconds`, time.toSeconds({ integral: false }), min, max);
}

/** Problem text when `image` cannot be an image reference, else undefined. */
export function imageProblem(image: string): string | undefined {
  if (image.length > 0 && image.length <= 512 && !/\s/.test(image)) return undefined;
  return `image must be an image reference without white space, 1 to 512 characters, got ${JSON.stringify(image)}`;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Problem text when `value` is not an RFC 1123 label of at most `max` characters, else undefined. */
export function dnsLabelProblem(name: string, value: string, max = 63): string | undefined {
  if (value.length <= max && DNS_LABEL.test(value)) return undefined;
  return `${name} must be an RFC 1123 label (lower-case letters, digits and '-', at most ${max} characters), got ${JSON.stringify(value)}`;
}

/** Problem text when `value` cannot name a Service: those begin with a letter, other labels may begin with a digit. */
export function serviceNameProblem(name: string, value: string, max: number): string | undefined {
  return dnsLabelProblem(name, value, max)
    ?? (/^[a-z]/.test(value) ? undefined : `${name} must begin with a letter, because a Service takes its name from it, got ${JSON.stringify(value)}`);
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Problem text when `value` cannot be the name of an object. */
export function objectNameProblem(name: string, value: string): string | undefined {
  if (value.length <= 253 && DNS_SUBDOMAIN.test(value)) return undefined;
  return `${name} must be an RFC 1123 subdomain (lower-case letters, digits, '-' and '.', at most 253 characters), got ${JSON.stringify(value)}`;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Problem text when the API server would refuse a label. */
export function labelProblem(key: string, value: string): string | undefined {
  const [name, prefix, ...rest] = key.split('/').reverse();
  const keyIs = rest.length === 0 && LABEL_NAME.test(name) && (prefix === undefined || (prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix)));
  if (!keyIs) return `label key must be a name of at most 63 letters, digits, '-', '_' or '.', with a DNS prefix or none, got ${JSON.stringify(key)}`;
  if (value === '' || LABEL_NAME.test(value)) return undefined;
  return `value of label ${key} must be at most 63 letters, digits, '-', '_' or '.', got ${JSON.stringify(value)}`;
}

/** Drops the checks that found nothing. */
export function problems(...found: (string | undefined)[]): string[] {
  return found.filter((text): text is string => text !== undefined);
}
