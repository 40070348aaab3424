import { NAMESPACE, PodServer, T0 } from './pod-server';
import { claimFor, closeAll, HOUR, LARGE, outcomeOf, replicaOf, SMALL } from './provider-world';
import { LABELS } from '../../../../src/protocol/names';
import { settle } from '../../kube/watched-server';

let server: PodServer;

beforeEach(() => {
  server = new PodServer();
  server.configMaps.set('pool-large', 'uid-of-pool-large');
});

afterEach(closeAll);

describe('a pool of one', () => {
  test('serves exactly one of a hundred claims at two replicas', async () => {
    server.make({ name: 'w1' });
    const replicas = await Promise.all([replicaOf(server), replicaOf(server)]);
    const claims = Array.from({ length: 100 }, (_, i) => outcomeOf(replicas[i % 2].provider.claim(SMALL, claimFor(`s${i}`))));
    await Promise.all(replicas.map(({ runOut }) => runOut()));
    const outcomes = await Promise.all(claims);
    expect(outcomes.filter((outcome) => outcome === 'w1')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'PoolEmpty')).toHaveLength(99);
    // Of one replica only one claim tries it.
    expect(server.patches.length).toBeLessThanOrEqual(2);
    expect(server.labelsOf('w1')![LABELS.session]).toBe(`s${outcomes.indexOf('w1')}`);
  });

  test('that is empty lets those who came first have what comes', async () => {
    const { provider, runOut } = await replicaOf(server);
    const claims = ['a', 'b', 'c'].map((id) => outcomeOf(provider.claim(SMALL, claimFor(id))));
    server.make({ name: 'w1' });
    await settle();
    server.make({ name: 'w2', ready: false });
    await settle();
    expect(server.labelsOf('w2')![LABELS.state]).toBe('warm');
    server.change('w2', (pod) => { pod.status.conditions[0].status = 'True'; });
    await runOut();
    expect(await Promise.all(claims)).toEqual(['w1', 'w2', 'PoolEmpty']);
  });

  test('keeps the place of who has lost a race', async () => {
    server.make({ name: 'w1' });
    const { provider } = await replicaOf(server);
    const first = outcomeOf(provider.claim(SMALL, claimFor('first')));
    const second = outcomeOf(provider.claim(SMALL, claimFor('second')));
    server.label('w1', { [LABELS.state]: 'claimed', [LABELS.session]: 'of-another-replica' });
    await settle();
    server.make({ name: 'w2' });
    expect(await first).toBe('w2');
    server.make({ name: 'w3' });
    expect(await second).toBe('w3');
  });
});

describe('a claim', () => {
  test.each<[string, Parameters<PodServer['make']>[0]]>([
    ['is not ready', { name: 'w', ready: false }],
    ['has ended', { name: 'w', phase: 'Failed' }],
    ['has no address', { name: 'w', ip: '' }],
    ['belongs to another pool', { name: 'w', pool: 'large' }],
    ['is claimed', { name: 'w', labels: { [LABELS.state]: 'claimed' } }],
  ])('takes no pod that %s', async (_, pod) => {
    server.make(pod);
    const { provider, runOut } = await replicaOf(server);
    const claim = outcomeOf(provider.claim(SMALL, claimFor('s')));
    await runOut();
    expect(await claim).toBe('PoolEmpty');
    expect(server.patches).toEqual([]);
  });

  test.each<[string, (pod: any) => void]>([
    ['is going', (pod) => { pod.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'; }],
    ['nobody owns', (pod) => { delete pod.metadata.ownerReferences; }],
    ['the kubelet has not taken', (pod) => { delete pod.status.startTime; }],
  ])('takes no pod that %s', async (_, edit) => {
    server.make({ name: 'w' });
    server.change('w', edit);
    const { provider, runOut } = await replicaOf(server);
    const claim = outcomeOf(provider.claim(SMALL, claimFor('s')));
    await runOut();
    expect(await claim).toBe('PoolEmpty');
  });

  test.each([[0, 'w1'], [0.49, 'w1'], [0.5, 'w2'], [0.99, 'w2']])('chooses one of the older half by chance (%d)', async (chance, name) => {
    for (const [index, one] of ['w2', 'w1', 'w4', 'w3'].entries()) server.make({ name: one, createdAt: T0 + [1, 0, 3, 2][index] });
    const { provider } = await replicaOf(server, { random: () => chance });
    expect(await outcomeOf(provider.claim(SMALL, claimFor('s')))).toBe(name);
  });

  test('whose caller has gone ends, and takes nothing any more', async () => {
    const { provider } = await replicaOf(server);
    const gone = new AbortController();
    const claim = outcomeOf(provider.claim(SMALL, claimFor('s', { signal: gone.signal })));
    await settle();
    gone.abort(new Error('the client went away'));
    expect(await claim).toBe('PoolEmpty');
    server.make({ name: 'w1' });
    await settle();
    expect(await outcomeOf(provider.claim(SMALL, claimFor('s', { signal: gone.signal })))).toBe('PoolEmpty');
    expect(server.patches).toEqual([]);
  });

  test('with no time to wait still tries each pod that is there', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2', createdAt: T0 + 1 });
    const { provider } = await replicaOf(server, { after: (_, run) => { run(); return () => undefined; } });
    const claim = provider.claim(SMALL, claimFor('s'));
    server.label('w1', { [LABELS.state]: 'claimed', [LABELS.session]: 'of-another-replica' });
    expect(await outcomeOf(claim)).toBe('w2');
    expect(await outcomeOf(provider.claim(SMALL, claimFor('t')))).toBe('PoolEmpty');
  });
});

describe('when the API server is not heard', () => {
  test('there are no claims, and the problem names the namespace, until it is heard again', async () => {
    server.make({ name: 'w1' });
    const { provider, time, interruptions } = await replicaOf(server);
    expect(provider.problem()).toBeUndefined();
    server.outage = 'Unavailable';
    server.cut();
    await settle();
    time.steady += 75_000;
    expect(provider.problem()).toBe(`the API server does not say which workers are warm in ${NAMESPACE}`);
    await expect(provider.claim(SMALL, claimFor('s'))).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(NAMESPACE) });
    expect(interruptions.length).toBeGreaterThan(0);
    server.outage = undefined;
    await settle();
    expect(provider.problem()).toBeUndefined();
    expect(await outcomeOf(provider.claim(SMALL, claimFor('s')))).toBe('w1');
  });

  test('who waits is not told that the pool is empty', async () => {
    const { provider, time, runOut } = await replicaOf(server);
    const claim = outcomeOf(provider.claim(SMALL, claimFor('s')));
    server.outage = 'Forbidden';
    server.cut();
    await settle();
    time.steady += 75_000;
    await runOut();
    expect(await claim).toBe('Unavailable');
  });
});

test('a pool that is added later is followed, and one that is taken away is not', async () => {
  const elsewhere = { ...LARGE, namespace: 'team-b' };
  let pools = [SMALL];
  const { provider } = await replicaOf(server, { pools: () => pools });
  expect(await outcomeOf(provider.claim(elsewhere, claimFor('s')))).toBe('Unavailable');
  pools = [elsewhere];
  expect(provider.problem()).toMatch(/ in team-b$/);
  await settle();
  expect(provider.problem()).toBeUndefined();
  expect(await outcomeOf(provider.claim(SMALL, claimFor('s')))).toBe('Unavailable');
});

test('times are those of the claim: a session of eight hours has a pod for eight hours', async () => {
  server.make({ name: 'w1', createdAt: T0 + HOUR / 2 });
  const { provider, time } = await replicaOf(server);
  await provider.claim(SMALL, claimFor('s', { deadline: time.now + 8 * HOUR }));
  expect(server.pods.get('w1')!.spec).toEqual({ activeDeadlineSeconds: 8.5 * 60 * 60 });
});
