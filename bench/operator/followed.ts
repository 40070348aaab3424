import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient, KubeObject, Resource } from '../../sidecar/src/kube/client';
import { sourceOf, Watch } from '../../sidecar/src/kube/watch';
import { steadyClock } from '../../sidecar/src/server/time/clock';

/** Tells of each object of a resource whenever it changes. */
export function follow(client: KubeClient, resource: Resource, told: (object: KubeObject) => void): { close(): Promise<void> } {
  return new Watch<KubeObject>({
    source: sourceOf(client, resource),
    keep: (object) => object,
    sink: { replaced: (items) => items.forEach(told), changed: (_, object) => object && told(object) },
    clock: steadyClock,
    random: Math.random,
    wait: async (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  });
}
