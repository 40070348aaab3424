import { NAMESPACE, PodServer, T0 } from './pod-server';
import { claimFor, closeAll, HOUR, replicaOf, SMALL, World } from './provider-world';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { LABELS } from '../../../../src/protocol/names';
import type { SessionWorker } from '../../../../src/protocol/session-record';

let server: PodServer;
let world: World;
let worker: SessionWorker;

beforeEach(async () => {
  server = new PodServer();
  server.make({ name: 'w1' });
  world = await replicaOf(server);
  ({ worker } = await world.provider.claim(SMALL, claimFor('s1')));
});

afterEach(closeAll);

describe('the worker of a session', () => {
  test('is found as it is now', async () => {
    server.change('w1', (pod) => Object.assign(pod.status, { podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }] }));
    expect(await world.provider.locate(NAMESPACE, 's1', worker)).toMatchObject({ worker: { ...worker, podIP: '10.0.0.9' }, podIPs: ['10.0.0.9'] });
  });

  test.each<[string, () => void]>([
    ['is deleted', () => server.remove('w1')],
    ['is another of the same name and address', () => {
      server.remove('w1');
      server.make({ name: 'w1', uid: 'another', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 's1' } });
    }],
    ['belongs to another session', () => server.label('w1', { [LABELS.session]: 's2' })],
    ['is not claimed', () => server.label('w1', { [LABELS.state]: 'warm' })],
    ['is going', () => server.terminate('w1')],
    ['has reached its deadline', () => server.change('w1', (pod) => { pod.status.phase = 'Failed'; })],
  ])('is gone when the pod %s', async (_, happen) => {
    happen();
    expect(await world.provider.locate(NAMESPACE, 's1', worker)).toBeUndefined();
  });

  test.each<[string, () => void]>([
    ['the API server does not answer', () => { server.outage = 'Unavailable'; }],
    ['it may not be read', () => { server.outage = 'Forbidden'; }],
    ['it has no address for the moment', () => server.change('w1', (pod) => { delete pod.status.podIP; })],
  ])('is not taken for gone when %s', async (_, happen) => {
    happen();
    await expect(world.provider.locate(NAMESPACE, 's1', worker)).rejects.toMatchObject({ name: 'ProviderError', code: 'Unavailable' });
  });
});

describe('a release', () => {
  test('deletes every pod of the session by its UID, and no other', async () => {
    server.make({ name: 'w2', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 's1' } });
    server.make({ name: 'w3', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 's2' } });
    server.make({ name: 'w4' });
    await world.provider.release(NAMESPACE, 's1');
    expect(server.deleted).toEqual([{ name: 'w1', uid: 'uid-of-w1', gracePeriodSeconds: 5 }, { name: 'w2', uid: 'uid-of-w2', gracePeriodSeconds: 5 }]);
    expect([...server.pods.keys()]).toEqual(['w3', 'w4']);
  });

  test('of what is gone is done, once and again', async () => {
    await world.provider.release(NAMESPACE, 's1');
    await expect(world.provider.release(NAMESPACE, 's1')).resolves.toBeUndefined();
    await expect(world.provider.release(NAMESPACE, 'never-was')).resolves.toBeUndefined();
  });

  test('leaves a pod alone that was made anew under the same name just then', async () => {
    const list = server.list.bind(server);
    server.list = async (...args) => {
      const listed = await list(...args);
      server.remove('w1');
      server.make({ name: 'w1', uid: 'another' });
      return listed;
    };
    await world.provider.release(NAMESPACE, 's1');
    expect(server.pods.get('w1')!.metadata.uid).toBe('another');
  });

  test.each(['', 's1,x=y', 's1)', '!s1', 'a'.repeat(64)])('of %p, which no label can be, asks for nothing', async (id) => {
    server.outage = 'Unavailable';
    await expect(world.provider.release(NAMESPACE, id)).resolves.toBeUndefined();
    expect(server.deleted).toEqual([]);
  });

  test('deletes the others when one cannot be deleted, and says so', async () => {
    server.make({ name: 'w2', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 's1' } });
    const { delete: original } = server;
    server.delete = async (resource, name, options) => {
      if (name === 'w1') throw new KubeError('Forbidden', 'DELETE w1: 403');
      await original.call(server, resource, name, options);
    };
    await expect(world.provider.release(NAMESPACE, 's1')).rejects.toMatchObject({ code: 'Unavailable' });
    expect([...server.pods.keys()]).toEqual(['w1']);
  });
});

describe('what is claimed', () => {
  test('is told with the time at which it was seen first', async () => {
    const { provider, time } = world;
    expect(await provider.claimed()).toEqual([{ namespace: NAMESPACE, pool: 'small', sessionId: 's1', claimedBy: T0 + HOUR }]);
    time.now += HOUR;
    server.make({ name: 'w2', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 's2' } });
    expect((await provider.claimed()).map(({ sessionId, claimedBy }) => [sessionId, claimedBy])).toEqual([['s1', T0 + HOUR], ['s2', T0 + 2 * HOUR]]);
  });

  test('is told whole when it is more than a page', async () => {
    for (let i = 0; i < 600; i += 1) server.make({ name: `c${i}`, labels: { [LABELS.state]: 'claimed', [LABELS.session]: `c${i}` } });
    expect(await world.provider.claimed()).toHaveLength(601);
  });

  test('has no pods that are warm, recycled, of no pool, or that somebody took by hand', async () => {
    server.make({ name: 'w2' });
    server.make({ name: 'w3', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 'recycle' } });
    server.make({ name: 'w4', labels: { [LABELS.state]: 'claimed' } });
    server.make({ name: 'w5', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 's5' } });
    server.change('w5', (pod) => { delete pod.metadata.labels[LABELS.pool]; });
    expect((await world.provider.claimed()).map(({ sessionId }) => sessionId)).toEqual(['s1']);
  });

  test('is not told in part', async () => {
    server.outage = 'Unavailable';
    await expect(world.provider.claimed()).rejects.toMatchObject({ name: 'ProviderError', code: 'Unavailable' });
  });
});
