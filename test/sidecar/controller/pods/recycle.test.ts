import fc from 'fast-check';
import { MadePod, NAMESPACE, PodServer, T0 } from './pod-server';
import { claimFor, closeAll, HOUR, LARGE, outcomeOf, replicaOf, SMALL } from './provider-world';
import { isReadyWorker, Pod, podOf } from '../../../../sidecar/src/controller/pods/pod';
import { toRecycle } from '../../../../sidecar/src/controller/pods/recycle';
import { LABELS } from '../../../../src/protocol/names';
import { settle } from '../../kube/watched-server';

const DAY = 24 * HOUR;

function podsFrom(made: readonly MadePod[]): readonly Pod[] {
  const server = new PodServer();
  made.forEach((one) => server.make(one));
  return [...server.pods.values()].map((object) => podOf(object)!);
}

const rules = { now: T0 + 2 * DAY, maxAge: DAY, awaited: false };
const many = (count: number, more: Partial<MadePod> = {}) => Array.from({ length: count }, (_, i) => ({ name: `p${i}`, createdAt: T0 + i, ...more }));
const chosen = (made: readonly MadePod[], more: Partial<typeof rules> = {}): readonly string[] =>
  toRecycle(podsFrom(made), { ...rules, ...more }).map(({ name }) => name);

describe('of a pool', () => {
  test('the oldest tenth of those that are too old is taken at a time, at least one', () => {
    expect(chosen(many(30))).toEqual(['p0', 'p1', 'p2']);
    expect(chosen(many(1))).toEqual(['p0']);
  });

  test('none is taken that is young, while somebody waits, or while as many are not ready yet', () => {
    expect(chosen(many(30), { now: T0 + DAY })).toEqual([]);
    expect(chosen(many(30), { awaited: true })).toEqual([]);
    expect(chosen([...many(30), ...['n1', 'n2', 'n3'].map((name) => ({ name, ready: false }))])).toEqual([]);
    expect(chosen([...many(30), { name: 'n1', ready: false }])).toEqual(['p0', 'p1']);
  });

  test('those that have ended are taken whatever their age, twenty at a time', () => {
    expect(chosen([{ name: 'f', phase: 'Failed' }, { name: 's', phase: 'Succeeded' }], { now: T0, awaited: true })).toEqual(['f', 's']);
    expect(chosen(many(50, { phase: 'Failed' }))).toHaveLength(20);
  });

  test('never more ready ones are taken than a tenth, or one, and never one that is not due', () => {
    const pod = fc.record({ ready: fc.boolean(), phase: fc.constantFrom('Running', 'Pending', 'Failed'), createdAt: fc.integer({ min: T0, max: T0 + 3 * DAY }) });
    fc.assert(fc.property(fc.array(pod, { maxLength: 60 }), fc.boolean(), (made, awaited) => {
      const pods = podsFrom(made.map((one, i) => ({ name: `p${i}`, ...one })));
      const live = pods.filter(({ phase }) => phase !== 'Failed').length;
      const taken = toRecycle(pods, { ...rules, awaited }).filter(isReadyWorker);
      expect(taken.length).toBeLessThanOrEqual(awaited ? 0 : Math.max(1, Math.floor(live / 10)));
      taken.forEach(({ createdAt }) => expect(createdAt).toBeLessThan(rules.now - rules.maxAge));
    }));
  });
});

describe('the provider', () => {
  let server: PodServer;

  beforeEach(() => {
    server = new PodServer();
  });

  afterEach(closeAll);

  test('takes a pod out of its pool under the reserved name before it deletes it', async () => {
    server.make({ name: 'evicted', phase: 'Failed' });
    server.make({ name: 'w1' });
    const { provider, time } = await replicaOf(server);
    await provider.recycle();
    expect(server.patches.map(({ name }) => name)).toEqual(['evicted']);
    expect(server.patches[0].steps.map(({ op, value }) => `${op} ${JSON.stringify(value)}`).slice(1, 4)).toEqual(['test "warm"', 'replace "claimed"', 'add "recycle"']);
    expect(server.patches[0].steps[5]).toEqual({ op: 'add', path: '/spec/activeDeadlineSeconds', value: (time.now - T0) / 1000 + 60 });
    expect([...server.pods.keys()]).toEqual(['w1']);
  });

  test('replaces what is older than its option', async () => {
    server.make({ name: 'w1' });
    const { provider, time } = await replicaOf(server, { maxAge: 2 * HOUR });
    time.now = T0 + 2 * HOUR;
    await provider.recycle();
    expect(server.deleted).toEqual([]);
    time.now += 1;
    await provider.recycle();
    expect(server.deleted.map(({ name }) => name)).toEqual(['w1']);
  });

  test('finishes what another has left under the reserved name', async () => {
    server.make({ name: 'left', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 'recycle' } });
    server.make({ name: 'used', labels: { [LABELS.state]: 'claimed', [LABELS.session]: 's1' } });
    const { provider } = await replicaOf(server);
    await provider.recycle();
    expect([...server.pods.keys()]).toEqual(['used']);
  });

  test('deletes nothing that a session got first', async () => {
    server.make({ name: 'w1' });
    const { provider, time } = await replicaOf(server);
    time.now = T0 + 2 * DAY;
    const recycled = provider.recycle();
    server.label('w1', { [LABELS.state]: 'claimed', [LABELS.session]: 's1' });
    await recycled;
    expect(server.deleted).toEqual([]);
    expect(server.labelsOf('w1')![LABELS.session]).toBe('s1');
  });

  test('never has a pod in hand that one of its claims tries', async () => {
    server.make({ name: 'w1' });
    const { provider, time, runOut } = await replicaOf(server);
    time.now = T0 + 2 * DAY;
    const claim = outcomeOf(provider.claim(SMALL, claimFor('s1')));
    await provider.recycle();
    expect(await claim).toBe('w1');
    server.make({ name: 'w2' });
    await settle();
    const recycled = provider.recycle();
    const late = outcomeOf(provider.claim(SMALL, claimFor('s2')));
    await recycled;
    await runOut();
    expect(await late).toBe('PoolEmpty');
    expect(server.patches.map(({ name }) => name)).toEqual(['w1', 'w2']);
  });

  test('that fails in one pool goes on with the others, and with the same pod the next time', async () => {
    server.configMaps.set('pool-large', 'uid-of-pool-large');
    server.make({ name: 'f1', phase: 'Failed' });
    server.make({ name: 'f2', phase: 'Failed', pool: 'large' });
    server.fates = ['Forbidden'];
    const { provider } = await replicaOf(server, { pools: () => [SMALL, LARGE] });
    await expect(provider.recycle()).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(`pool ${NAMESPACE}/small was not recycled`) });
    expect([...server.pods.keys()]).toEqual(['f1']);
    await provider.recycle();
    expect([...server.pods.keys()]).toEqual([]);
  });

  test('recycles nothing while it does not know what is warm', async () => {
    server.make({ name: 'f1', phase: 'Failed' });
    const { provider, time } = await replicaOf(server);
    time.steady += HOUR;
    await expect(provider.recycle()).rejects.toMatchObject({ code: 'Unavailable' });
    expect(server.patches).toEqual([]);
  });
});
