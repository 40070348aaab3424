import type { KubeObject, Resource } from '../../kube/client';
import { cutText } from '../../server/text/cut-text';
import { oneLine } from '../../server/text/one-line';
import { timeOf } from '../objects/meta';
import type { Pod } from '../objects/pod';
import type { OperatorDeps } from '../operator-deps';

/** Reasons of Events that say what a pod waits for before its containers are made. */
const TELLING = ['FailedMount', 'FailedAttachVolume', 'FailedScheduling', 'FailedCreatePodSandBox'];

/** Of one pod there are few, as the same again is counted in one object. */
const MAX_EVENTS = 500;

const MAX_MESSAGE = 300;

/** What the newest Event of a pod says that it waits for; undefined when none does. Never rejects: it is a hint for people. */
export async function whyWaiting({ client, log }: Pick<OperatorDeps, 'client' | 'log'>, { namespace, name, uid }: Pick<Pod, 'namespace' | 'name' | 'uid'>): Promise<string | undefined> {
  const events: Resource = { group: '', version: 'v1', plural: 'events', namespace, fields: `involvedObject.uid=${uid}` };
  try {
    const { items } = await client.list(events, { limit: MAX_EVENTS });
    const newest = items.filter((item) => isTelling(item, uid)).sort((a, b) => lastSeen(b) - lastSeen(a))[0];
    return newest && cutText(oneLine(String(newest.message)), MAX_MESSAGE, '…');
  } catch (error) {
    log.debug({ error, namespace, pod: name }, 'the Events of a pod cannot be read');
    return undefined;
  }
}

function isTelling({ involvedObject, reason, message }: KubeObject, uid: string): boolean {
  return (involvedObject as { readonly uid?: unknown } | undefined)?.uid === uid && TELLING.includes(String(reason)) && typeof message === 'string';
}

/** Where the time is depends on which API the Event came by. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
function lastSeen({ lastTimestamp, series, eventTime, metadata }: KubeObject): number {
  const { lastObservedTime } = (series ?? {}) as { readonly lastObservedTime?: unknown };
  return timeOf(lastTimestamp) ?? timeOf(lastObservedTime) ?? timeOf(eventTime) ?? timeOf(metadata.creationTimestamp) ?? 0;
}
