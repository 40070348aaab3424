import type { ResourceRequirements } from 'kubernetes-types/core/v1';
import { exceeds, Quantity } from './quantity';
import type { HarnessRunSpec, HarnessTemplateSpec } from '../protocol/resources';

type Amounts = Readonly<Record<string, Quantity>>;

/** What an agent asks for and may use where nothing is said. */
const DEFAULT_RESOURCES: Readonly<Record<string, { readonly request: string; readonly limit: string }>> = {
  'cpu': { request: '250m', limit: '2' },
  'memory': { request: '512Mi', limit: '4Gi' },
  'ephemeral-storage': { request: '10Gi', limit: '10Gi' },
};

interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** Of the run, else of its template: one of them as a whole, as limits mean something else without their requests. */
function asked(template: HarnessTemplateSpec, run: Pick<HarnessRunSpec, 'resources'>): Asked {
  const { requests = {}, limits = {} } = run.resources ?? template.defaults?.resources ?? {};
  return { requests: requests as Amounts, limits: limits as Amounts };
}

/**
 * Each of CPU, memory and scratch space that is asked for in part gets the rest from the defaults, moved where it would
 * contradict what is asked for. Other resources, such as GPUs, cannot be overcommitted: their request is their limit.
 * https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources
 */
export function agentResources(template: HarnessTemplateSpec, run: Pick<HarnessRunSpec, 'resources'>): ResourceRequirements {
  const { requests, limits } = asked(template, run);
  const filled = Object.entries(DEFAULT_RESOURCES).map(([name, usual]) => {
    const request = requests[name] ?? lesser(usual.request, limits[name] ?? usual.request);
    return { name, request, limit: limits[name] ?? greater(usual.limit, request) };
  });
  return {
    requests: sorted({ ...requests, ...Object.fromEntries(filled.map(({ name, request }) => [name, request])) }),
    limits: sorted({ ...requests, ...limits, ...Object.fromEntries(filled.map(({ name, limit }) => [name, limit])) }),
  };
}

/** What the API server would refuse, or a run may not ask for, one text each. */
export function resourceProblems(template: HarnessTemplateSpec, run: Pick<HarnessRunSpec, 'resources'>): string[] {
  const { requests, limits } = asked(template, run);
  const contradictions = Object.keys(requests).sort().filter((name) => Object.hasOwn(limits, name)).flatMap((name) => {
    const [request, limit] = [requests[name], limits[name]];
    if (exceeds(request, limit)) return [`resources.requests.${name} must not exceed resources.limits.${name}, got ${request} and ${limit}`];
    if (Object.hasOwn(DEFAULT_RESOURCES, name) || !exceeds(limit, request)) return [];
    return [`resources.requests.${name} must be resources.limits.${name}, as such a resource cannot be overcommitted, got ${request} and ${limit}`];
  });
  return [...deviceProblems(template, run), ...unlimitedProblems({ limits }), ...contradictions];
}

/** A limit of 0 is none at all to the kubelet, and passes each LimitRange. */
export function unlimitedProblems({ limits = {} }: NonNullable<HarnessRunSpec['resources']> = {}): string[] {
  return Object.keys(DEFAULT_RESOURCES)
    .filter((name) => Object.hasOwn(limits, name) && !exceeds(limits[name], 0))
    .map((name) => `resources.limits.${name} must be more than 0, as 0 is no limit, got ${limits[name]}`);
}

/**
 * The template says which devices its runs may have, as some are networks that no NetworkPolicy knows. How many of them is up to the run,
 * as CPU and memory are: a ResourceQuota limits the sum.
 */
export function deviceProblems({ defaults = {} }: HarnessTemplateSpec, { resources }: Pick<HarnessRunSpec, 'resources'>): string[] {
  const allowed = [...Object.keys(DEFAULT_RESOURCES), ...namesIn(defaults.resources)];
  return namesIn(resources)
    .filter((name) => !allowed.includes(name))
    .map((name) => `resources of a run must be ${Object.keys(DEFAULT_RESOURCES).join(', ')} or what its template names, got ${name}`);
}

function namesIn({ requests = {}, limits = {} }: HarnessRunSpec['resources'] = {}): string[] {
  return [...new Set([...Object.keys(requests), ...Object.keys(limits)])].sort();
}

function lesser(one: Quantity, other: Quantity): Quantity {
  return exceeds(one, other) ? other : one;
}

function greater(one: Quantity, other: Quantity): Quantity {
  return exceeds(other, one) ? other : one;
}

function sorted(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(Object.keys(amounts).sort().map((name) => [name, String(amounts[name])]));
}
