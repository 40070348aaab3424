import type { Pod } from '../objects/pod';

/** For whoever would look at the log of a pod that is deleted: its Events stay for a while. */
export function logGoes({ namespace, name }: Pod): string {
  return `the log goes with the pod, which is deleted; kubectl get events -n ${namespace} --field-selector involvedObject.name=${name} shows what is left`;
}
