import { Size, SizeRoundingBehavior } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-28';
import type { ResourceRequirements } from 'kubernetes-types/core/v1';

/** A Kubernetes quantity in the largest binary unit that loses nothing. */
export function quantity(size: Size): string {
  const mebibytes = size.toMebibytes({ rounding: SizeRoundingBehavior.NONE });
  if (Number.isInteger(mebibytes)) return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
  return `${Math.ceil(size.toKibibytes({ rounding: SizeRoundingBehavior.NONE }))}Ki`;
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
