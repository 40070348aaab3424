import { snapshotOf } from '../../../../sidecar/src/broker/catalog/directory/directory-snapshot';
import { MAX_REVOKED_LEASES } from '../../../../sidecar/src/broker/revocations/revocations';
import { openKubernetesRevocations, withRevocations } from '../../../../sidecar/src/broker/revocations/revocations-kubernetes';
import type { KubeClient } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { brokerOver, callerNamed } from '../build-broker';

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 60 * 60 * 1000;
const open: { close(): Promise<void> }[] = [];

afterEach(() => Promise.all(open.splice(0).map((one) => one.close())));

async function revocationsOver(data: Record<string, string> | undefined, failure?: KubeError, patchFailure = failure) {
  const time = { now: T0 };
  const api = { patchFailure };
  const patches: unknown[] = [];
  const asked: unknown[] = [];
  const client = {
    list: async (resource: unknown) => {
      asked.push(resource);
      if (failure !== undefined) throw failure;
      return { items: [{ metadata: { name: 'revoked-sessions', namespace: 'platform' }, ...(data === undefined ? {} : { data }) }], resourceVersion: '1' };
    },
    watch: async (_: unknown, __: unknown, signal: AbortSignal) => (async function* () {
      await new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve()); });
    })(),
    get: async (_: unknown, name: string) => ({ metadata: { name }, status: {} }),
    mergePatch: async (resource: { plural: string; namespace: string }, name: string, patch: object, { subresource }: { subresource?: string }) => {
      if (api.patchFailure !== undefined) throw api.patchFailure;
      patches.push([resource.plural, resource.namespace, name, subresource, patch]);
      return { metadata: { name }, ...patch };
    },
  } as unknown as KubeClient;
  const nearlyFull = jest.fn();
  const revocations = openKubernetesRevocations({ client, nearlyFull, namespace: 'platform', runNamespaces: ['team-a'], clock: () => time.now, now: () => time.now, random: () => 0, wait: () => new Promise((resolve) => setImmediate(resolve)) });
  open.push(revocations);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return { revocations, patches, time, asked, api, nearlyFull };
}

const RUN = { namespace: 'team-a', name: 'r1' };

test('a revoked lease is written to the status of its run, and counts here at once', async () => {
  const { revocations, patches } = await revocationsOver({});
  await revocations.revokeLeases(RUN, ['pat-1', 'pat-2']);
  const time = new Date(T0).toISOString();
  expect(patches).toEqual([['harnessruns', 'team-a', 'r1', 'status', { status: { revokedLeases: { 'pat-1': time, 'pat-2': time } } }]]);
  expect(revocations.leasesOf(RUN)).toEqual(['pat-1', 'pat-2']);
});

test('a revoked session is written for all replicas, and is known to those that read it', async () => {
  const { revocations, patches } = await revocationsOver({});
  await revocations.revokeSession('s1', T0 + HOUR);
  const data = { s1: new Date(T0 + HOUR).toISOString() };
  expect(patches).toEqual([['configmaps', 'platform', 'revoked-sessions', undefined, { data }]]);
  const other = await revocationsOver(data);
  expect(other.asked).toEqual([expect.objectContaining({ only: 'revoked-sessions' })]);
  expect(other.revocations.isSessionRevoked('s1')).toBe(true);
  expect(other.revocations.isSessionRevoked('s2')).toBe(false);
  other.time.now += HOUR;
  expect(other.revocations.isSessionRevoked('s1')).toBe(false);
});

test('who revokes a session takes away those that are over on every replica, and no others', async () => {
  const ends = { over: T0 - 5 * 60_000, late: T0 - 5 * 60_000 + 1, open: T0 + HOUR };
  const data = Object.fromEntries(Object.entries(ends).map(([id, end]) => [id, new Date(end).toISOString()]));
  const { revocations, patches } = await revocationsOver(data);
  await revocations.revokeSession('new', T0 + HOUR);
  expect(patches).toEqual([['configmaps', 'platform', 'revoked-sessions', undefined, { data: { over: null, new: new Date(T0 + HOUR).toISOString() } }]]);
});

test('leases that the status of their run has long shown are not kept here as well; what could not be written is', async () => {
  const { revocations, time } = await revocationsOver({});
  await revocations.revokeLeases(RUN, ['pat-1']);
  time.now += 10 * 60_000 - 1;
  await revocations.revokeLeases(RUN, ['pat-2']);
  expect(revocations.leasesOf(RUN)).toEqual(['pat-1', 'pat-2']);
  time.now += 1;
  await revocations.revokeLeases({ ...RUN, name: 'r2' }, ['pat-3']);
  expect(revocations.leasesOf(RUN)).toEqual(['pat-2']);

  const down = await revocationsOver({}, undefined, new KubeError('Unavailable', 'down'));
  await expect(down.revocations.revokeLeases(RUN, ['pat-1'])).rejects.toThrow('down');
  down.time.now += 24 * HOUR;
  await expect(down.revocations.revokeLeases(RUN, ['pat-2'])).rejects.toThrow('down');
  expect(down.revocations.leasesOf(RUN)).toEqual(['pat-1', 'pat-2']);
});

test('a revocation that cannot be written counts here, and is an error', async () => {
  const { revocations } = await revocationsOver(undefined, new KubeError('Unavailable', 'down'));
  await expect(revocations.revokeLeases(RUN, ['pat-1'])).rejects.toThrow('down');
  await expect(revocations.revokeSession('s1', T0 + HOUR)).rejects.toThrow('down');
  expect([revocations.leasesOf(RUN), revocations.isSessionRevoked('s1')]).toEqual([['pat-1'], true]);
});

test('the leases of a run that is gone are revoked without further ado', async () => {
  const { revocations } = await revocationsOver({}, undefined, new KubeError('NotFound', 'gone'));
  await revocations.revokeLeases(RUN, ['pat-1']);
  expect(revocations.leasesOf(RUN)).toEqual(['pat-1']);
});

test.each(['kube-system', 'team-b'])('leases of runs in %s, which is not served, are refused, written nowhere and not held', async (namespace) => {
  const { revocations, patches } = await revocationsOver({});
  await expect(revocations.revokeLeases({ namespace, name: 'r1' }, ['pat-1'])).rejects.toMatchObject({ code: 'BadRequest', message: expect.stringContaining(`namespace ${namespace} is not one`) });
  expect([patches, revocations.leasesOf({ namespace, name: 'r1' })]).toEqual([[], []]);
});

test('what the API server forbids is told as not revoked, and is not held', async () => {
  const { revocations } = await revocationsOver({}, undefined, new KubeError('Forbidden', 'no'));
  await expect(revocations.revokeLeases(RUN, ['pat-1'])).rejects.toMatchObject({ code: 'ProviderFailure', message: expect.stringContaining('nothing is revoked') });
  expect(revocations.leasesOf(RUN)).toEqual([]);
});

test('a replica that holds all it can goes on writing for the others, and says when it cannot', async () => {
  const { revocations, patches, api } = await revocationsOver({}, undefined, new KubeError('Unavailable', 'down'));
  const ids = Array.from({ length: MAX_REVOKED_LEASES }, (_, index) => `pat-${index}`);
  await expect(revocations.revokeLeases(RUN, ids)).rejects.toThrow('down');
  await expect(revocations.revokeLeases(RUN, ['pat-more'])).rejects.toThrow('no more fit');
  api.patchFailure = undefined;
  await revocations.revokeLeases(RUN, ['pat-more']);
  expect(patches).toEqual([['harnessruns', 'team-a', 'r1', 'status', { status: { revokedLeases: { 'pat-more': new Date(T0).toISOString() } } }]]);
  expect(revocations.leasesOf(RUN)).toHaveLength(MAX_REVOKED_LEASES);
});

test('a lease that is revoked over and over is held until ten minutes after the last time', async () => {
  const { revocations, time } = await revocationsOver({});
  await revocations.revokeLeases(RUN, ['pat-1']);
  time.now += 9 * 60_000;
  await revocations.revokeLeases(RUN, ['pat-1']);
  time.now += 9 * 60_000;
  await revocations.revokeLeases(RUN, ['pat-2']);
  expect(revocations.leasesOf(RUN)).toEqual(['pat-1', 'pat-2']);
});

test('while the revoked sessions are not known, requests are refused, and revocations are not', async () => {
  const { revocations } = await revocationsOver(undefined, new KubeError('Unavailable', 'down'));
  const catalog = { snapshot: () => snapshotOf([]), secret: async () => undefined, unready: () => undefined, close: async () => {} };
  const { ask, world, send } = brokerOver([], { catalog: withRevocations(catalog, revocations) });
  expect(await ask('validate-egress', { host: 'api.github.com', port: 443 })).toMatchObject({ status: 503, body: { code: 'Unavailable' } });
  world.callers.set('token-of-the-operator-00', callerNamed('team-a', 'operator', ['revoke']));
  const body = JSON.stringify({ provider: 'UserSuppliedSecret', leaseId: `uss-${'0'.repeat(32)}` });
  expect((await send('/v1/revoke', body, { authorization: 'Bearer token-of-the-operator-00' })).status).toBe(204);
  expect(withRevocations({ ...catalog, unready: () => 'stale' }, revocations).unready()).toBe('stale');
  expect(withRevocations(catalog, (await revocationsOver({})).revocations).unready()).toBeUndefined();
});

test('a ConfigMap that is nearly full is told when it is read', async () => {
  expect((await revocationsOver({ s1: 'x'.repeat(900_000) })).nearlyFull).toHaveBeenCalledTimes(1);
  expect((await revocationsOver({ s1: 'x'.repeat(800_000) })).nearlyFull).not.toHaveBeenCalled();
});

test('without the ConfigMap of revoked sessions nobody is ready; an empty one is enough', async () => {
  expect((await revocationsOver(undefined, new KubeError('Forbidden', 'no'))).revocations.unready()).toBe('the revoked sessions are not known');
  expect((await revocationsOver(undefined)).revocations.unready()).toBeUndefined();
});

test('entries that are no time revoke nothing, and stop nothing', async () => {
  const { revocations } = await revocationsOver({ s1: 'soon', s2: new Date(T0 + HOUR).toISOString() });
  expect([revocations.isSessionRevoked('s1'), revocations.isSessionRevoked('s2')]).toEqual([false, true]);
});
