import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ready } from './one-node';
import { clientObjects, inClient } from './session-clients';
import { apiKeys, CLIENTS, platformObjects, storeVolumes, SYSTEM, TEAM, WARM } from './sessions-world';
import { LABELS } from '../../src/protocol/names';
import { OBJECTS } from '../../src/protocol/objects';
import { apply, kubectl, must } from '../cluster/cli';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Parts that clients wait for, in the order in which they become ready. */
const PARTS: readonly (readonly [namespace: string, what: string])[] = [
  [SYSTEM, `statefulset/${OBJECTS.store}`], [SYSTEM, `deployment/${OBJECTS.controller}`], ...Object.keys(WARM).map((pool) => [TEAM, `deployment/${pool}`] as const),
];
const GATEWAY = [SYSTEM, `deployment/${OBJECTS.gateway}`] as const;

/** Applies everything at once and waits until clients are served. What is there already stays. */
export async function install(): Promise<void> {
  const objects = platformObjects();
  const isNew = !kubectl(['get', 'namespace', SYSTEM]).ok;
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: CLIENTS } };
  must(['apply', '--server-side', '-f', '-'], [namespace, ...objects.filter(({ kind }) => kind === 'Namespace'), ...(isNew ? storeVolumes() : [])]);
  const since = Date.now();
  apply(objects);
  must(['apply', '--server-side', '-f', '-'], clientObjects());
  for (const part of PARTS) ready(...part);
  const parts = Date.now();
  if (isNew) await until('a gateway says that it has no keys', () => /api-keys/.test(kubectl(['logs', '-n', SYSTEM, '-l', `${LABELS.role}=gateway`]).stdout), 180);
  must(['apply', '--server-side', '-f', '-'], [apiKeys()]);
  ready(...GATEWAY);
  if (isNew) console.info(`controller, store and workers were ready ${parts - since} ms after they were applied, the gateway ${Date.now() - parts} ms later`);
  must(['wait', '-n', CLIENTS, '--for=condition=Ready', '--timeout=300s', 'pod', '--all']);
  await answering();
}

/** Waits until the Service leads to the gateways, which it does a moment after they are ready. */
export async function answering(): Promise<void> {
  await until('a gateway answers', () => inClient('return alice.list().next().then(() => true, () => false)'));
}

/** Asks again and again until there is an answer, which is neither undefined nor false. */
export async function until<T>(what: string, ask: () => T | undefined | false | Promise<T | undefined | false>, seconds = 60): Promise<T> {
  for (let round = 0; round < seconds * 4; round++) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(250);
  }
  const warnings = kubectl(['events', '-A', '--types=Warning']).stdout.split('\n').slice(-20).join('\n');
  throw new Error(`not within ${seconds} s: ${what}\n${kubectl(['get', 'pod', '-A']).stdout}${warnings}`);
}

export const get = (kind: string, namespace: string, ...which: string[]): any => JSON.parse(must(['get', kind, '-n', namespace, ...which, '-o', 'json']));

export const podsOf = (namespace: string, labels: string): any[] => get('pod', namespace, '-l', labels).items;

export const podsOfRole = (role: string): any[] => podsOf(SYSTEM, `${LABELS.role}=${role}`);

/** Workers of a pool that wait and are ready. */
export function warmPods(pool: string): any[] {
  return podsOf(TEAM, `${LABELS.pool}=${pool},${LABELS.state}=warm`).filter((pod) => pod.metadata.deletionTimestamp === undefined && readySince(pod) !== undefined);
}

/** When a pod became ready; undefined when it is not. */
export function readySince({ status }: any): number | undefined {
  const { lastTransitionTime } = status.conditions?.find(({ type, status: holds }: any) => type === 'Ready' && holds === 'True') ?? {};
  return lastTransitionTime && Date.parse(lastTransitionTime);
}

/** Waits until as many workers wait as the pool has. */
export const refilled = (pool: keyof typeof WARM): Promise<any[]> => until(`pool ${pool} is full`, () => {
  const pods = warmPods(pool);
  return pods.length >= WARM[pool] ? pods : undefined;
}, 180);

export const podOfSession = (session: string): any => podsOf(TEAM, `${LABELS.session}=${session}`)[0];

/** First processes of containers of a pod that run a program. */
export function processesOf(pod: string, program: string): string[] {
  const read = (pid: string, file: string) => {
    try { return readFileSync(`/proc/${pid}/${file}`, 'utf8'); } catch { return ''; }
  };
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)
    && read(pid, 'environ').includes(`HOSTNAME=${pod}\0`) && read(pid, 'cmdline').includes(program) && /^NSpid:.*\t1$/m.test(read(pid, 'status')));
}

/** Ends the first process of a container by SIGKILL, from the node: from within, nothing can. */
export function killContainer(pod: string, program: string): void {
  const found = processesOf(pod, program);
  if (found.length !== 1) throw new Error(`${found.length} processes of ${pod} are process 1 and run ${program}`);
  process.kill(Number(found[0]), 'SIGKILL');
}
