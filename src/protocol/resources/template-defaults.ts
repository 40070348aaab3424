import { parseDuration } from '../duration';
import { DEFAULTS } from './defaults';
import type { HarnessRunSpec } from './harness-run';
import type { HarnessTemplateSpec } from './harness-template';

/**
 * A template as its runs see it: the child's fields where it sets them, else the base's.
 * Credentials are joined by name and sorted, egress requirements are appended.
 */
export function resolveTemplate(child: HarnessTemplateSpec, parent: HarnessTemplateSpec = {}): HarnessTemplateSpec {
  const { baseTemplateRef: _resolved, ...own } = child;
  return {
    ...joined(parent, own),
    // One level deep: `resources` is replaced as a whole, as limits mean something else without their requests.
    ...either('defaults', parent.defaults, own.defaults, joined),
    ...either('workspace', parent.workspace, own.workspace, joined),
    ...either('pod', parent.pod, own.pod, joined),
    ...either('interactive', parent.interactive, own.interactive, joined),
    ...either('requires', parent.requires, own.requires, joinedRequirements),
  };
}

/** A field that is there when base or child has it. */
function either<Name extends string, T extends object>(
  name: Name,
  base: T | undefined,
  own: T | undefined,
  join: (base: Partial<T>, own: Partial<T>) => Partial<T>,
): Partial<Record<Name, T>> {
  if (base === undefined && own === undefined) return {};
  return { [name]: join(base ?? {}, own ?? {}) } as Record<Name, T>;
}

/** A member that is present but undefined is not set, so it overrides nothing. */
function joined<T extends object>(base: T, own: T): T {
  const set = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(set) };
}

type Requires = NonNullable<HarnessTemplateSpec['requires']>;

function joinedRequirements(base: Requires, own: Requires): Requires {
  const names = [...base.credentials ?? [], ...own.credentials ?? []].map(({ name }) => name);
  return {
    credentials: [...new Set(names)].sort().map((name) => ({ name })),
    egress: [...base.egress ?? [], ...own.egress ?? []],
  };
}

/**
 * Seconds between SIGTERM and SIGKILL of the agent, at least 1: with 0 the API server forgets a deleted pod while its container still
 * runs, and the Workspace could be given to another one.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-forced
 */
export function gracePeriodSeconds(template: HarnessTemplateSpec, mode: HarnessRunSpec['mode']): number {
  const fallback = mode === 'Interactive' ? DEFAULTS.interactiveGracePeriodSeconds : DEFAULTS.terminationGracePeriodSeconds;
  return Math.max(1, template.defaults?.terminationGracePeriodSeconds ?? fallback);
}

/** Longest time that a Batch run takes, in milliseconds. */
export function timeoutMilliseconds(template: Pick<HarnessTemplateSpec, 'defaults'>, run: HarnessRunSpec): number {
  return parseDuration(run.timeout ?? template.defaults?.timeout ?? DEFAULTS.timeout)!;
}

export interface InteractiveTimeouts {
  readonly idle: number;
  readonly detachIdle: number;
  readonly detach: number;
  readonly maxLifetime: number;
}

/**
 * The time limits of an interactive run, in milliseconds. A run may only shorten those of its template,
 * and no limit is longer than one that ends the run before it.
 */
export function interactiveTimeouts(template: Pick<HarnessTemplateSpec, 'interactive'>, overrides: HarnessRunSpec['interactiveOverrides'] = {}): InteractiveTimeouts {
  const { interactive = {} } = template;
  const shorter = (name: keyof typeof overrides) => {
    const limit = parseDuration(interactive[name] ?? DEFAULTS[name])!;
    return Math.min(limit, parseDuration(overrides[name] ?? '') ?? limit);
  };
  const maxLifetime = shorter('maxLifetime');
  const idle = Math.min(shorter('idleTimeout'), maxLifetime);
  return { idle, detachIdle: Math.min(shorter('detachIdleTimeout'), idle), detach: Math.min(shorter('detachTimeout'), maxLifetime), maxLifetime };
}
