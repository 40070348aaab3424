import { ApiServer } from './api-server';
import { running, ended, fencing, scheduled } from './pod-reports';

/* eslint-disable @typescript-eslint/no-explicit-any */

const MERGE = 'application/merge-patch+json';

/** How the agent of a pod ends; `never` leaves it running until somebody deletes the pod. */
export type Ending = number | 'never';

/** What a node tells of a pod next, as its status; undefined while there is nothing new. */
export type Report = (pod: any) => object | undefined;

/** The reports on a pod in their order, or how its agent ends after the usual ones. */
export type Course = Ending | readonly Report[];

/**
 * Stands in for scheduler and kubelet, which a control plane alone has not: it takes each pod of a namespace through the states
 * that a node would report, one with each look, and lets go of pods that are told to stop.
 */
export class PretendKubelet {
  private readonly looks = new Map<string, number>();
  private stopped = false;
  private readonly ended: Promise<void>;

  constructor(private readonly server: ApiServer, private readonly namespace: string, private readonly courseOf: (pod: any) => Course = () => 0) {
    this.ended = this.run();
    // It is told when this is closed.
    this.ended.catch(() => undefined);
  }

  /** Whether a pod that is told to stop does so. */
  public stops: (pod: any) => boolean = () => true;
  /** Told of all pods that are there, with each look. */
  public seen: (pods: readonly any[]) => void = () => undefined;

  public async close(): Promise<void> {
    this.stopped = true;
    await this.ended;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const { body } = await this.server.call('GET', `/api/v1/namespaces/${this.namespace}/pods`);
      const pods = (body.items ?? []) as any[];
      this.seen(pods);
      await Promise.all(pods.map((pod) => this.look(pod)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async look(pod: any): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${pod.metadata.name}`;
    const over = ['Succeeded', 'Failed'].includes(pod.status.phase);
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (!over && !this.stops(pod)) return;
      if (!over) await this.server.call('PATCH', `${path}/status`, { status: ended(143)(pod) }, MERGE);
      await this.server.call('DELETE', `${path}?gracePeriodSeconds=0`);
      return;
    }
    if (over) return;
    const at = this.looks.get(pod.metadata.uid) ?? 0;
    const status = reportsOf(this.courseOf(pod))[at]?.(pod);
    if (status === undefined) return;
    // Only a pod that has a node is given time to stop.
    if (pod.spec.nodeName === undefined && hasNode(status)) await this.server.call('POST', `${path}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target: { kind: 'Node', name: 'node-1' } });
    const { status: taken } = await this.server.call('PATCH', `${path}/status`, { status }, MERGE);
    // What was not taken is reported again.
    if (taken === 200) this.looks.set(pod.metadata.uid, at + 1);
  }
}

function hasNode({ conditions = [] }: any): boolean {
  return !conditions.some(({ type, status }: any) => type === 'PodScheduled' && status === 'False');
}

function reportsOf(course: Course): readonly Report[] {
  if (typeof course === 'object') return course;
  return [scheduled, fencing, running, ...(course === 'never' ? [] : [ended(course)])];
}
