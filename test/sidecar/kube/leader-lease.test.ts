import { Candidate, CandidateOptions, LeaseServer, Time } from './lease-world';
import { KubeError } from '../../../sidecar/src/kube/kube-error';

const YEAR = 365 * 24 * 60 * 60 * 1000;

let time: Time;
let server: LeaseServer;

beforeEach(() => {
  time = new Time();
  server = new LeaseServer(time);
});

function candidate(options: Partial<CandidateOptions> = {}): Candidate {
  return new Candidate(server, time, { identity: 'a', ...options });
}

const spec = (fields: object) => ({ ...server.lease, spec: fields });

describe('a Lease that nobody holds', () => {
  test.each([[undefined], [{}], [{ holderIdentity: '' }], [{ holderIdentity: '', leaseTransitions: 4, renewTime: '2026-01-01T00:00:00.000000Z', leaseDurationSeconds: 1 }]])('(%j) is taken at once', async (fields) => {
    server.lease = { ...server.lease, ...(fields === undefined ? {} : { spec: fields }) };
    const one = candidate();
    expect(one.leads()).toBe(false);
    await time.pass(100);
    expect(one.leads()).toBe(true);
    expect(server.spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: ((fields as { leaseTransitions?: number } | undefined)?.leaseTransitions ?? 0) + 1,
      acquireTime: '2026-01-01T00:00:00.010000Z',
      renewTime: '2026-01-01T00:00:00.010000Z',
    });
  });

  test('keeps its labels, and what later versions of Kubernetes have put into it', async () => {
    server.lease = spec({ strategy: 'OldestEmulationVersion' });
    candidate();
    await time.pass(100);
    expect(server.lease.metadata.labels).toEqual({ part: 'sessions' });
    expect(server.spec.strategy).toBe('OldestEmulationVersion');
  });

  test('is taken by one of several, and nobody has failed', async () => {
    const all = ['a', 'b', 'c'].map((identity) => candidate({ identity }));
    await time.pass(100);
    expect(all.filter((one) => one.leads())).toHaveLength(1);
    expect(all.flatMap(({ failures }) => failures)).toEqual([]);
  });
});

describe('a leader', () => {
  test('renews, and says since when it leads', async () => {
    const one = candidate();
    await time.pass(60_000);
    expect(one.leads()).toBe(true);
    expect(server.spec).toMatchObject({ acquireTime: '2026-01-01T00:00:00.010000Z', renewTime: '2026-01-01T00:00:57.970000Z', leaseTransitions: 1 });
  });

  test('that cannot renew leads for ten seconds from when it asked last, not longer', async () => {
    const one = candidate();
    one.link.delay = 1_000;
    await time.pass(5_000);
    // It asked after 10 ms, was answered after 2 s, and is just reading again.
    one.link.down = true;
    await time.pass(5_009);
    expect(one.leads()).toBe(true);
    await time.pass(1);
    expect(one.leads()).toBe(false);
    expect(one.failures).toContainEqual(expect.objectContaining({ code: 'Unavailable' }));
  });

  test('that comes back before anybody else leads again', async () => {
    const one = candidate();
    await time.pass(1_000);
    one.link.down = true;
    await time.pass(20_000);
    one.link.down = false;
    await time.pass(10_000);
    expect(one.leads()).toBe(true);
    expect(server.spec.leaseTransitions).toBe(1);
  });

  test('that sees another name in the Lease leads no more', async () => {
    const one = candidate();
    await time.pass(1_000);
    server.replace(spec({ ...server.spec, holderIdentity: 'b' }));
    await time.pass(3_000);
    expect(one.leads()).toBe(false);
  });

  test('does not lead from the call of close on, and leaves a Lease that another takes at the next look', async () => {
    const one = candidate();
    const other = candidate({ identity: 'b' });
    await time.pass(1_000);
    expect([one.leads(), other.leads()]).toEqual([true, false]);
    const closed = one.lease.close();
    expect(one.leads()).toBe(false);
    await time.pass(50);
    await closed;
    expect(server.spec).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 1 });
    expect(server.spec.holderIdentity).toBeUndefined();
    await time.pass(3_000);
    expect(other.leads()).toBe(true);
    expect([...one.failures, ...other.failures]).toEqual([]);
  });
});

describe('a Lease of another', () => {
  test.each([[-YEAR], [0], [YEAR]])('that is not renewed is taken 15 s after it was first seen, whatever its time says (%d ms off)', async (skew) => {
    server.lease = spec({ holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: new Date(Date.UTC(2026, 0, 1) + skew).toISOString() });
    const one = candidate();
    await time.pass(15_000);
    expect(one.leads()).toBe(false);
    await time.pass(3_100);
    expect(one.leads()).toBe(true);
  });

  test('that says a longer time is left alone for that time, and a shorter one does not hurry', async () => {
    server.lease = spec({ holderIdentity: 'gone', leaseDurationSeconds: 60 });
    const one = candidate();
    await time.pass(60_000);
    expect(one.leads()).toBe(false);
    await time.pass(3_100);
    expect(one.leads()).toBe(true);
    server.replace(spec({ holderIdentity: 'other', leaseDurationSeconds: 1 }));
    await time.pass(15_000);
    expect(one.leads()).toBe(false);
  });

  test('that is renewed by a clock that stands still is never taken', async () => {
    const other = candidate({ identity: 'b' });
    await time.pass(100);
    const one = candidate({ skew: YEAR });
    await time.pass(120_000);
    expect([one.leads(), other.leads()]).toEqual([false, true]);
    expect(server.spec.leaseTransitions).toBe(1);
  });

  test('is not released by who closes', async () => {
    candidate({ identity: 'b' });
    await time.pass(100);
    const one = candidate();
    await time.pass(5_000);
    const closed = one.lease.close();
    await time.pass(50);
    await closed;
    expect(server.spec.holderIdentity).toBe('b');
  });
});

describe('an API server', () => {
  test.each(['Forbidden', 'NotFound', 'Throttled'] as const)('that refuses (%s) makes no leader, and each refusal is told', async (code) => {
    const one = candidate();
    one.link.refusal = new KubeError(code, 'GET lease');
    await time.pass(10_000);
    expect(one.leads()).toBe(false);
    expect(one.failures.map((error) => (error as KubeError).code)).toEqual([code, code, code, code]);
    expect(server.writes).toEqual([]);
  });

  test('whose answers are lost makes no leader, although it has the name', async () => {
    const one = candidate();
    time.later(7, () => { one.link.deaf = true; });
    await time.pass(8_000);
    expect(server.spec.holderIdentity).toBe('a');
    expect(one.leads()).toBe(false);
  });

  test('that does not answer does not hold up a close for longer than two calls', async () => {
    const one = candidate();
    await time.pass(1_000);
    one.link.down = true;
    let closed = false;
    void one.lease.close().then(() => { closed = true; });
    await time.pass(6_000);
    expect(closed).toBe(true);
  });
});
