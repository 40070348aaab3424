import { Size, SizeRoundingBehavior } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import type { ResourceRequirements } from 'kubernetes-types/core/v1';
import { unlimitedProblems } from '../manifests/agent-resources';

/** A Kubernetes quantity in the largest binary unit that loses nothing. */
export function quantity(size: Size): string {
  const mebibytes = size.toMebibytes({ rounding: SizeRoundingBehavior.NONE });
  if (Number.isInteger(mebibytes)) return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
  return `${Math.ceil(kibibytes(size))}Ki`;
}

/**
 * Requests and limits of a container. Extended resources such as GPUs stand in the
 * limits only: Kubernetes takes the request from there.
 */
export function requirements(resources: ContainerResources, extended: Record<string, number> = {}): ResourceRequirements {
  const amounts = (which: 'request' | 'limit') => ({
    ...(resources.cpu?.[which] === undefined ? {} : { cpu: resources.cpu[which].amount }),
    ...(resources.memory?.[which] === undefined ? {} : { memory: quantity(resources.memory[which]) }),
    ...(resources.ephemeralStorage?.[which] === undefined ? {} : { 'ephemeral-storage': quantity(resources.ephemeralStorage[which]) }),
  });
  const counts = Object.fromEntries(Object.entries(extended).map(([name, count]) => [name, String(count)]));
  return { requests: amounts('request'), limits: { ...amounts('limit'), ...counts } };
}

/** Problem text when a size is nothing: a claim of it is refused, and an `emptyDir` of it has no limit at all. */
export function sizeProblem(name: string, size: Size | undefined): string | undefined {
  return size === undefined || kibibytes(size) > 0 ? undefined : `${name} must be more than 0, got ${quantity(size)}`;
}

/** What the API server would refuse about requests and limits, one text each. */
export function resourceProblems(resources: ContainerResources = {}): string[] {
  const { cpu, memory, ephemeralStorage } = resources;
  const over = (what: string, request: number | undefined, limit: number | undefined) =>
    (request === undefined || limit === undefined || request <= limit ? [] : [`resources.${what}: the request must not exceed the limit`]);
  return [
    ...unlimitedProblems(requirements(resources)),
    ...over('cpu', cpu?.request && millis(cpu.request), cpu?.limit && millis(cpu.limit)),
    ...over('memory', memory?.request && kibibytes(memory.request), memory?.limit && kibibytes(memory.limit)),
    ...over('ephemeralStorage', ephemeralStorage?.request && kibibytes(ephemeralStorage.request), ephemeralStorage?.limit && kibibytes(ephemeralStorage.limit)),
  ];
}

function kibibytes(size: Size): number {
  return size.toKibibytes({ rounding: SizeRoundingBehavior.NONE });
}

function millis({ amount }: Cpu): number {
  return amount.endsWith('m') ? Number(amount.slice(0, -1)) : Number(amount) * 1000;
}
