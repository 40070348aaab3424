import { setTimeout as sleep } from 'node:timers/promises';
import { objectsIn } from './cluster';
import { follow } from './followed';
import type { KubeClient, KubeObject } from '../../sidecar/src/kube/client';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Writes of pods at the same time. */
const AT_ONCE = 16;

export interface Kubelet {
  /** When each pod was seen first, by name. */
  readonly seen: ReadonlyMap<string, number>;
  /** Pods whose agent has ended. */
  readonly ended: number;
  close(): Promise<void>;
}

/**
 * Stands in for scheduler and kubelet: takes each pod through the states that a node would report, and lets its agent end well.
 * `pause` is the time between two states, in milliseconds.
 */
export function startKubelet(client: KubeClient, namespace: string, pause: number): Kubelet {
  const pods = objectsIn(namespace, 'pods', '');
  const seen = new Map<string, number>();
  const due: (() => Promise<unknown>)[] = [];
  let working = 0;
  let ended = 0;
  const work = async (): Promise<void> => {
    working++;
    for (let next = due.shift(); next !== undefined; next = due.shift()) await next();
    working--;
  };
  const report = (name: string, status: object): Promise<void> => new Promise((done, failed) => {
    due.push(() => client.mergePatch(pods, name, { status }, { subresource: 'status' }).then(() => done(), failed));
    if (working < AT_ONCE) void work();
  });
  const live = async (pod: KubeObject): Promise<void> => {
    for (const state of STATES) {
      await report(pod.metadata.name, state(pod));
      await sleep(pause);
    }
    ended++;
  };
  const watch = follow(client, pods, (pod) => {
    const { name } = pod.metadata;
    if (seen.has(name) || isOver(pod)) return;
    seen.set(name, performance.now());
    live(pod).catch((error: Error) => console.error(`the pretended kubelet: ${error.message}`));
  });
  return {
    seen,
    get ended() {
      return ended;
    },
    close: () => watch.close(),
  };
}

const STATES: readonly ((pod: any) => object)[] = [scheduled, fencing, running, over];

const isOver = ({ status }: any): boolean => status.phase === 'Succeeded';

const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

const IPS = { podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }] };

const withState = (containers: any[] = [], state: object) => containers.map(({ name, image }) => ({ name, image, imageID: '', ready: false, restartCount: 0, state }));

const WAITING = { waiting: { reason: 'PodInitializing' } };

function scheduled({ spec }: any) {
  return {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: now() }],
    containerStatuses: withState(spec.containers, WAITING),
    initContainerStatuses: withState(spec.initContainers, WAITING),
  };
}

function fencing(pod: any) {
  const [first, ...others] = withState(pod.spec.initContainers, WAITING);
  return { ...IPS, startTime: now(), initContainerStatuses: [{ ...first, state: { running: { startedAt: now() } } }, ...others] };
}

const done = () => ({ terminated: { exitCode: 0, reason: 'Completed', startedAt: now(), finishedAt: now() } });

function running({ spec }: any) {
  return { phase: 'Running', containerStatuses: withState(spec.containers, { running: { startedAt: now() } }), initContainerStatuses: withState(spec.initContainers, done()) };
}

function over({ spec }: any) {
  return { phase: 'Succeeded', containerStatuses: withState(spec.containers, done()) };
}
