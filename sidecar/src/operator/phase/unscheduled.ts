import { quoted, sentence } from './sentence';
import type { Going } from './verdict';
import type { Pod } from '../objects/pod';

/** What the scheduler says of a pod whose claim has no volume, or that has no such claim. */
const ABOUT_CLAIMS = /persistentvolumeclaim/i;

/** Reasons of the condition PodScheduled with what people can do. They never end a run: nodes come and go, and its time-out bounds it. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['Unschedulable', 'no node takes the pod now; it starts when one has room, such as by an autoscaler; otherwise lower its requests or check its nodeSelector and tolerations'],
  ['SchedulingGated', 'another controller holds the pod back; it starts when its scheduling gates are taken away'],
  ['SchedulerError', 'the scheduler has failed and tries again'],
]);

/** The phase of a pod that has no node. */
export function unscheduled({ scheduled }: Pod): Going {
  const known = HINTS.get(scheduled?.reason ?? '');
  if (known === undefined) return provisioning('InProgress', sentence('the pod waits for a node', quoted('the scheduler says', scheduled?.message)));
  const claims = ABOUT_CLAIMS.test(scheduled?.message ?? '');
  const hint = claims ? 'the volume of a claim is not there yet; if this lasts, check the storage class of the Workspace and its provisioner' : known;
  return provisioning(claims ? 'VolumePending' : 'Unschedulable', sentence(hint, quoted('the scheduler says', scheduled?.message)));
}

function provisioning(reason: Going['reason'], message: string): Going {
  return { kind: 'going', agent: 'provisioning', reason, message, podReady: 'Pending' };
}
