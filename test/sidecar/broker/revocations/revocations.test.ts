import { MAX_REVOKED_LEASES, MemoryRevocations } from '../../../../sidecar/src/broker/revocations/revocations';

const RUN = { namespace: 'team-a', name: 'r1' };
const OTHER = { ...RUN, name: 'r2' };

function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `uss-${index}`);
}

test('as many leases as fit are held, one more is refused, and each that is forgotten makes room for one', async () => {
  const memory = new MemoryRevocations(() => 0);
  const ids = idsOf(MAX_REVOKED_LEASES);
  await memory.revokeLeases(RUN, ids);
  await expect(memory.revokeLeases(OTHER, ['more'])).rejects.toMatchObject({ code: 'ProviderFailure', message: expect.stringContaining(`${MAX_REVOKED_LEASES} revoked leases`) });
  expect(memory.leasesOf(OTHER)).toEqual([]);
  // Those that are held are revoked, so asking again is no failure.
  await memory.revokeLeases(RUN, ['uss-0']);
  memory.forgetLease({ ...RUN, id: 'uss-0' });
  memory.forgetLease({ ...RUN, id: 'uss-0' });
  await memory.revokeLeases(OTHER, ['more']);
  await expect(memory.revokeLeases(OTHER, ['still-more'])).rejects.toThrow('no more fit');
  expect([memory.allLeases().length, memory.leasesOf(OTHER)]).toEqual([MAX_REVOKED_LEASES, ['more']]);
});

test('the leases of a run are kept apart from those of others, each once', async () => {
  const memory = new MemoryRevocations(() => 0);
  expect([memory.addLease({ ...RUN, id: 'a' }), memory.addLease({ ...RUN, id: 'a' }), memory.addLease({ ...OTHER, id: 'a' })]).toEqual([true, false, true]);
  memory.forgetLease({ ...RUN, id: 'a' });
  expect([memory.leasesOf(RUN), memory.leasesOf(OTHER), memory.allLeases()]).toEqual([[], ['a'], [{ ...OTHER, id: 'a' }]]);
});
