import { integerProblem, labelProblem, problems } from './validation';

/** Most devices of a kind that one container asks for. */
const MAX_DEVICES = 64;

/** What the API server would refuse about extended resources such as GPUs, one text each. */
export function extendedResourceProblems(extended: Record<string, number> = {}): string[] {
  return Object.entries(extended).flatMap(([resource, count]) => problems(
    isExtendedResource(resource) ? undefined : `extendedResources names must be like 'vendor.example/device', got '${resource}'`,
    integerProblem(`extendedResources['${resource}']`, count, 0, MAX_DEVICES),
  ));
}

/** Qualified names outside of Kubernetes' own domains, which quotas do not take for theirs. */
function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.startsWith('requests.') && labelProblem(name, '') === undefined;
}
