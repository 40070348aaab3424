import { writeRevokedLeases } from '../../../../sidecar/src/broker/revocations/revoked-lease-status';
import type { KubeClient } from '../../../../sidecar/src/kube/client';
import { KubeCode, KubeError } from '../../../../sidecar/src/kube/kube-error';

const TIME = '2026-01-01T00:00:00.000Z';
const RUN = { namespace: 'team-a', name: 'r1' };

/** An API server that keeps the first time of each lease, as admission does, and no more than 256. */
function apiWith(revokedLeases: Record<string, string> | undefined, failure?: KubeError) {
  const state = { leases: revokedLeases, patches: 0 };
  const client = {
    get: async () => ({ metadata: { name: 'r1' }, ...(state.leases === undefined ? {} : { status: { revokedLeases: state.leases } }) }),
    mergePatch: async (_: unknown, name: string, { status }: { status: { revokedLeases: Record<string, string> } }) => {
      state.patches += 1;
      if (failure !== undefined) throw failure;
      const before = state.leases ?? {};
      if (Object.entries(status.revokedLeases).some(([id, time]) => id in before && before[id] !== time)) throw new KubeError('Forbidden', 'a revocation is final');
      const after = { ...before, ...status.revokedLeases };
      if (Object.keys(after).length > 256) throw new KubeError('Invalid', 'too many');
      state.leases = after;
      return { metadata: { name }, status: { revokedLeases: after } };
    },
  } as unknown as KubeClient;
  return { state, write: (...ids: string[]) => writeRevokedLeases(client, RUN, ids, TIME) };
}

function leases(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`pat-${index}`, 'before']));
}

test('leases that are revoked already stay as they are, and the others are added', async () => {
  const { state, write } = apiWith({ a: 'before' });
  await write('a');
  expect(state.leases).toEqual({ a: 'before' });
  await write('a', 'b');
  expect(state.leases).toEqual({ a: 'before', b: TIME });
});

test('a definition that drops what is written has revoked nothing', async () => {
  const client = { mergePatch: async (_: unknown, name: string) => ({ metadata: { name }, status: {} }) } as unknown as KubeClient;
  await expect(writeRevokedLeases(client, RUN, ['a'], TIME)).rejects.toMatchObject({ code: 'ProviderFailure', message: expect.stringContaining('has no status.revokedLeases') });
});

test('a run that has no status gets one', async () => {
  const { state, write } = apiWith(undefined);
  await write('a', 'b');
  expect([state.leases, state.patches]).toEqual([{ a: TIME, b: TIME }, 1]);
});

test('the last lease that fits is written; one more is refused with the limit, while those that are there are done', async () => {
  const { state, write } = apiWith(leases(255));
  await write('last');
  await expect(write('more')).rejects.toMatchObject({ code: 'ProviderFailure', message: expect.stringContaining('status.revokedLeases of run team-a/r1 takes 256 leases, and no more fit') });
  await write('last', 'pat-7');
  expect(Object.keys(state.leases!)).toHaveLength(256);
});

test.each<KubeCode>(['Forbidden', 'Invalid', 'Unavailable', 'Conflict'])('%s is passed on when none of the leases is there', async (code) => {
  await expect(apiWith({ a: 'before' }, new KubeError(code, 'planted')).write('b')).rejects.toMatchObject({ code });
});

test('an API server that does not answer is asked once', async () => {
  const { state, write } = apiWith({ a: 'before' }, new KubeError('Unavailable', 'down'));
  await expect(write('a')).rejects.toThrow('down');
  expect(state.patches).toBe(1);
});

test('a run that is gone has nothing to write', async () => {
  await expect(apiWith(undefined, new KubeError('NotFound', 'gone')).write('a')).resolves.toBeUndefined();
});
