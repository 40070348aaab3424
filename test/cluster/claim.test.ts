import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './api-server';
import { must } from './cli';
import { claimPod } from '../../sidecar/src/controller/pods/claim';
import { Pod, podOf, podsOf } from '../../sidecar/src/controller/pods/pod';
import { PodsProvider } from '../../sidecar/src/controller/pods/pods-provider';
import { KubeClient } from '../../sidecar/src/kube/client';
import { fixed } from '../../sidecar/src/kube/connection';
import { hasCode } from '../../sidecar/src/kube/kube-error';
import { kubeconfig } from '../../sidecar/src/kube/kubeconfig';
import { LeaderLease } from '../../sidecar/src/kube/leader-lease';
import { steadyClock } from '../../sidecar/src/server/time/clock';
import { after } from '../../sidecar/src/server/time/timers';
import { LABELS } from '../../src/protocol/names';

const NAMESPACE = 'claims';
const POOLS = ['single', 'many', 'late', 'old', 'reused'].map((name) => ({ namespace: NAMESPACE, name, maxSessionSeconds: 3600, idleSeconds: 60 }));
const [SINGLE, MANY, LATE, OLD, REUSED] = POOLS;
const EIGHT_HOURS = 8 * 60 * 60 * 1000;

const open: { close(): unknown }[] = [];
let replicaSetUid: string;
let token: string;
let replicas: PodsProvider[];

/** The rights of the controller, and no others. */
const ROLE = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'controller', namespace: NAMESPACE },
  rules: [
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'patch', 'delete'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: POOLS.map(({ name }) => `pool-${name}`), verbs: ['get'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: ['controller'], verbs: ['get', 'update'] },
  ],
};

beforeAll(async () => {
  must(['create', 'namespace', NAMESPACE]);
  must(['create', 'serviceaccount', 'controller', '-n', NAMESPACE]);
  const template = { metadata: { labels: { app: 'w' } }, spec: { containers: [{ name: 'a', image: 'example.com/a' }] } };
  const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'rs', namespace: NAMESPACE }, spec: { replicas: 0, selector: { matchLabels: { app: 'w' } }, template } };
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'controller', namespace: NAMESPACE },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'controller' },
    subjects: [{ kind: 'ServiceAccount', name: 'controller', namespace: NAMESPACE }],
  };
  const configMaps = POOLS.map(({ name }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `pool-${name}`, namespace: NAMESPACE } }));
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'controller', namespace: NAMESPACE } };
  must(['apply', '-f', '-'], [replicaSet, ROLE, binding, lease, ...configMaps]);
  replicaSetUid = must(['get', 'replicaset', 'rs', '-n', NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
  token = must(['create', 'token', 'controller', '-n', NAMESPACE]);
  makePods('single', 1);
  makePods('many', 20);
  replicas = [replica(), replica()];
  await eventually(async () => replicas.map((one) => one.problem()), (problems) => problems.every((problem) => problem === undefined));
}, 120_000);

afterAll(async () => {
  await Promise.all(open.map((one) => one.close()));
  must(['delete', 'namespace', NAMESPACE, '--wait=false']);
}, 120_000);

function client(): KubeClient {
  const { certificate: _, ...connection } = kubeconfig(process.env.KUBECONFIG!, Date.now);
  const one = new KubeClient({ ...connection, token: fixed(Buffer.from(token)) });
  open.push(one);
  return one;
}

function replica(longestWait = 10_000): PodsProvider {
  const one = new PodsProvider({
    client: client(),
    pools: () => POOLS,
    longestWait,
    maxAge: 1_000,
    clock: Date.now,
    steady: steadyClock,
    random: Math.random,
    after,
    wait: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
    interrupted: () => undefined,
  });
  open.unshift(one);
  return one;
}

/** Pods as a ReplicaSet makes them; there is no kubelet, so it is said of them what a kubelet says. */
function makePods(pool: string, count: number, status: object = {}): void {
  const names = Array.from({ length: count }, (_, i) => `${pool}-${i}`);
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: replicaSetUid, controller: true, blockOwnerDeletion: true };
  must(['create', '-f', '-'], names.map((name) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { [LABELS.role]: 'session', [LABELS.pool]: pool, [LABELS.state]: 'warm' }, ownerReferences: [owner] },
    spec: { containers: [{ name: 'a', image: 'example.com/a' }] },
  })));
  const running = { phase: 'Running', podIP: '10.9.0.1', podIPs: [{ ip: '10.9.0.1' }], startTime: new Date().toISOString(), conditions: [{ type: 'Ready', status: 'True' }], ...status };
  names.forEach((name) => must(['patch', 'pod', name, '-n', NAMESPACE, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: running })]));
}

function stored(name: string): any {
  return JSON.parse(must(['get', 'pod', name, '-n', NAMESPACE, '-o', 'json']));
}

function claim(provider: PodsProvider, pool: (typeof POOLS)[number], sessionId: string) {
  return provider.claim(pool, { sessionId, deadline: Date.now() + EIGHT_HOURS, signal: AbortSignal.timeout(60_000) });
}

test('of a hundred claims of a pool of one, by two replicas, exactly one wins, and the pod is stored as it says', async () => {
  const before = stored('single-0');
  const ids = Array.from({ length: 100 }, () => randomUUID());
  const results = await Promise.allSettled(ids.map((id, i) => claim(replicas[i % 2], SINGLE, id)));
  const won = results.findIndex(({ status }) => status === 'fulfilled');
  expect(results.filter((_, index) => index !== won).map((result) => (result as PromiseRejectedResult).reason?.code)).toEqual(Array(99).fill('PoolEmpty'));
  const { metadata, spec } = stored('single-0');
  expect((results[won] as PromiseFulfilledResult<any>).value.worker).toMatchObject({ podName: 'single-0', podUid: before.metadata.uid, podIP: '10.9.0.1' });
  expect(metadata.labels).toEqual({ [LABELS.role]: 'session', [LABELS.pool]: 'single', [LABELS.state]: 'claimed', [LABELS.session]: ids[won] });
  const ownerUid = must(['get', 'configmap', 'pool-single', '-n', NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
  expect(metadata.ownerReferences).toEqual([
    ...before.metadata.ownerReferences,
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'pool-single', uid: ownerUid, controller: false, blockOwnerDeletion: false },
  ]);
  const { activeDeadlineSeconds, ...rest } = spec;
  expect(rest).toEqual(before.spec);
  expect(activeDeadlineSeconds).toBeGreaterThanOrEqual(EIGHT_HOURS / 1000);
  // It counts from the start of the pod.
  const age = (Date.now() - Date.parse(before.status.startTime)) / 1000;
  expect(activeDeadlineSeconds).toBeLessThan(EIGHT_HOURS / 1000 + age + 60);
  expect(await replicas[0].claimed()).toContainEqual(expect.objectContaining({ namespace: NAMESPACE, pool: 'single', sessionId: ids[won] }));
}, 120_000);

test('of thirty claims of a pool of twenty each pod serves one session, and a release ends exactly that', async () => {
  const ids = Array.from({ length: 30 }, () => randomUUID());
  const results = await Promise.allSettled(ids.map((id, i) => claim(replicas[i % 2], MANY, id)));
  const won = results.flatMap((result, index) => result.status === 'fulfilled' ? [{ id: ids[index], worker: result.value.worker }] : []);
  expect(new Set(won.map(({ worker }) => worker.podUid)).size).toBe(20);
  for (const { id, worker } of won) expect(stored(worker.podName).metadata.labels[LABELS.session]).toBe(id);
  const [{ id, worker }, kept] = won;
  expect(await replicas[1].locate(NAMESPACE, id, worker)).toMatchObject({ worker });
  await replicas[1].release(NAMESPACE, id);
  expect(await replicas[0].locate(NAMESPACE, id, worker)).toBeUndefined();
  expect(await replicas[0].locate(NAMESPACE, kept.id, kept.worker)).toMatchObject({ worker: kept.worker });
  expect(must(['get', 'pods', '-n', NAMESPACE, '-l', `${LABELS.pool}=many`, '-o', 'name']).trim().split('\n')).toHaveLength(19);
}, 120_000);

test('who waits gets a pod as soon as it is ready', async () => {
  const patient = replica(60_000);
  await eventually(async () => patient.problem(), (problem) => problem === undefined);
  const claimed = claim(patient, LATE, randomUUID());
  makePods('late', 1);
  expect((await claimed).worker.podName).toBe('late-0');
}, 120_000);

test('a pod that was made anew under the same name is neither claimed nor deleted for the one before', async () => {
  makePods('reused', 1);
  const before: Pod = podOf(stored('reused-0'))!;
  const provider = replica(60_000);
  await eventually(async () => provider.problem(), (problem) => problem === undefined);
  const id = randomUUID();
  const { worker } = await claim(provider, REUSED, id);
  must(['delete', 'pod', 'reused-0', '-n', NAMESPACE, '--force', '--grace-period=0']);
  makePods('reused', 1, { conditions: [{ type: 'Ready', status: 'False' }] });
  const api = client();
  const patch = { sessionId: id, ownerUid: 'any', deadline: Date.now() + 1000, now: Date.now() };
  expect(await claimPod({ client: api, random: Math.random, wait: sleep }, before, patch)).toBeUndefined();
  await expect(api.delete(podsOf(NAMESPACE), 'reused-0', { uid: before.uid })).rejects.toMatchObject({ code: 'Conflict' });
  expect(await provider.locate(NAMESPACE, id, worker)).toBeUndefined();
  expect(stored('reused-0').metadata.labels).toEqual({ [LABELS.role]: 'session', [LABELS.pool]: 'reused', [LABELS.state]: 'warm' });
}, 120_000);

test('pods that have failed, even before they started, and pods that are too old are recycled', async () => {
  makePods('old', 1, { phase: 'Failed', startTime: null, conditions: [] });
  const [provider] = replicas;
  await eventually(async () => {
    await provider.recycle();
    return must(['get', 'pods', '-n', NAMESPACE, '-l', `${LABELS.pool}=${OLD.name}`, '-o', 'name']).trim();
  }, (names) => names === '');
  makePods('old', 1);
  await eventually(async () => {
    await provider.recycle();
    return must(['get', 'pods', '-n', NAMESPACE, '-l', `${LABELS.pool}=${OLD.name}`, '-o', 'name']).trim();
  }, (names) => names === '');
}, 120_000);

test('of two replicas one leads, and the other as soon as that one closes', async () => {
  const failed: unknown[] = [];
  const leases = ['a', 'b'].map((identity) => new LeaderLease({
    client: client(),
    namespace: NAMESPACE,
    name: 'controller',
    identity,
    clock: Date.now,
    steady: steadyClock,
    random: Math.random,
    wait: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
    failed: (reason) => failed.push(reason),
  }));
  open.unshift(...leases);
  const leaders = async () => leases.filter((one) => one.isLeader());
  const [first] = await eventually(leaders, (leading) => leading.length === 1);
  await first.close();
  const [second] = await eventually(leaders, (leading) => leading.length === 1);
  expect(second).not.toBe(first);
  // A call that had no answer in time is made again.
  expect(failed.filter((reason) => !hasCode(reason, 'Unavailable'))).toEqual([]);
  await second.close();
  expect(JSON.parse(must(['get', 'lease', 'controller', '-n', NAMESPACE, '-o', 'json'])).spec).toMatchObject({ leaseTransitions: 2, leaseDurationSeconds: 1 });
}, 120_000);
