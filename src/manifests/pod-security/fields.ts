import { PodSecurityFinding, UncheckedPod } from './rule';

/** A container and where it is. */
export interface Place {
  readonly path: string;
  readonly container: any;
}

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/**
 * Every container of the pod: init containers run with the pod's volumes and rights, and
 * ephemeral ones are put into it while it runs. Throws on anything that is not a pod.
 */
export function containersOf({ spec }: UncheckedPod): Place[] {
  if (listOf(spec.containers, 'spec.containers').length === 0) throw new Error('spec.containers is empty');
  return LISTS.flatMap((list) => listOf(spec[list], `spec.${list}`).map((container, index) => (
    { path: `spec.${list}[${container.name ?? index}]`, container }
  )));
}

/** The entries of a list; none where it is missing. A list that is something else must not pass as an empty one. */
export function listOf(value: any, path: string): any[] {
  if (isMissing(value)) return [];
  if (!Array.isArray(value)) throw new Error(`${path} must be a list, got ${shown(value)}`);
  return value;
}

/** A field that is not there or null, which the API server reads alike. */
export function isMissing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** The value of a field as text for a message. */
export function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

/** Pods say so themselves; nobody else knows before they are scheduled. */
export function isWindows({ spec }: UncheckedPod): boolean {
  return spec.os?.name === 'windows';
}

/** Whether root in the pod is nobody on the node. https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/ */
export function hasUserNamespace({ spec }: UncheckedPod): boolean {
  return spec.hostUsers === false;
}

/** The pod's security context and each container's, with where they are. Missing ones are empty. */
export function securityContexts(pod: UncheckedPod): { readonly path: string; readonly context: any }[] {
  const own = { path: 'spec.securityContext', context: pod.spec.securityContext ?? {} };
  return [own, ...containersOf(pod).map(({ path, container }) => ({ path: `${path}.securityContext`, context: container.securityContext ?? {} }))];
}

/** A finding for each value that is neither missing nor allowed. */
export function unlessAllowed(found: readonly { path: string; value: unknown }[], allowed: readonly unknown[]): PodSecurityFinding[] {
  return found.filter(({ value }) => !isMissing(value) && !allowed.includes(value))
    .map(({ path, value }) => ({ path, message: `must be ${orMissing(allowed)}, got ${shown(value)}` }));
}

function orMissing(allowed: readonly unknown[]): string {
  return ['missing', ...allowed.filter((value) => value !== '').map(shown)].join(' or ');
}
