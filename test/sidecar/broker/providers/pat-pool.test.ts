import { exchangeContext, grantFor, issueContext } from './contexts';
import type { PoolName } from '../../../../sidecar/src/broker/providers/observer';
import { patPool } from '../../../../sidecar/src/broker/providers/pat-pool';
import type { IssueContext } from '../../../../sidecar/src/broker/providers/provider';
import { findSurrogate, refuseMisplaced } from '../../../../sidecar/src/broker/surrogates/carriers';
import type { ApiError } from '../../../../sidecar/src/server/http/errors';
import { HOUR, LEASE, refusalOf, RUN, T0 } from '../example-grants';
import { MemorySlotStore } from '../slots/memory-slot-store';

const GRANT = grantFor('PATPool', { hosts: ['git.example.com'] });
const PATS = ['planted-pat-one', 'planted-pat-two', 'planted-pat-three'];
const POOL = `# of team-a\n${PATS[0]}\n\n  ${PATS[1]}\r\n${PATS[2]}`;

function poolOf(store = new MemorySlotStore()) {
  const told: [string, ...unknown[]][] = [];
  const provider = patPool({
    slots: store,
    observer: {
      pool: (pool: PoolName, size: number, leased: number) => told.push(['pool', pool, size, leased]),
      exhausted: (pool: PoolName) => told.push(['exhausted', pool]),
    },
  });
  const issue = async (run: string, secret = POOL, more: Partial<IssueContext> = {}) => {
    const handout = await provider.issue(GRANT, issueContext(secret, { run: { ...RUN, name: run, uid: `uid-${run}` }, ...more }));
    return handout.delivery === 'ProxyInjected' ? handout.slot! : undefined!;
  };
  const tokenOf = async (slot: string | undefined, secret = POOL) => {
    const { setHeaders } = await provider.exchange(GRANT, exchangeContext(secret, { lease: { ...LEASE, provider: 'PATPool', slot } }));
    return Buffer.from(setHeaders!.Authorization.replace('Basic ', ''), 'base64').toString();
  };
  return { provider, store, told, issue, tokenOf };
}

describe('a pool', () => {
  test('leases each token to one run, and tells which by its place', async () => {
    const { provider, issue } = poolOf();
    expect(await provider.issue(GRANT, issueContext(POOL))).toMatchObject({ delivery: 'ProxyInjected', hosts: ['git.example.com'], slot: { index: 0 } });
    expect([(await issue('r2')).index, (await issue('r3')).index]).toEqual([1, 2]);
  });

  test('exchanges a surrogate for the token of its slot, as git sends it', async () => {
    const { issue, tokenOf } = poolOf();
    for (const [index, pat] of PATS.entries()) expect(await tokenOf((await issue(`r${index}`)).name)).toBe(`x-access-token:${pat}`);
  });

  test('answers the same slot when a run asks again', async () => {
    const { issue } = poolOf();
    expect(await issue('r1')).toEqual(await issue('r1'));
  });

  test('is the same after a restart', async () => {
    const { store, issue } = poolOf();
    const first = await issue('r1');
    const restarted = poolOf(store);
    expect((await restarted.issue('r2')).index).toBe(1);
    expect(await restarted.issue('r1')).toEqual(first);
  });

  test('keeps each run\'s token when lines are added, moved or removed (B17)', async () => {
    const { issue, tokenOf } = poolOf();
    const { name } = await issue('r2');
    const edited = ['planted-pat-new', PATS[2], PATS[0]].join('\n');
    expect(await tokenOf(name, edited)).toBe(`x-access-token:${PATS[0]}`);
    expect(await issue('r2', edited)).toEqual({ name, index: 2 });
  });

  test('counts a token once that is there twice', async () => {
    const { issue } = poolOf();
    const twice = `${PATS[0]}\n${PATS[0]}`;
    await issue('r1', twice);
    expect(await refusalOf(() => issue('r2', twice))).toContain('PoolExhausted 503');
  });

  test('tells an observer how full it is, and when it is exhausted', async () => {
    const { issue, told } = poolOf();
    const pool = { namespace: 'team-a', secret: 'upstream', key: 'token' };
    for (const run of ['r1', 'r2', 'r3', 'r4']) await refusalOf(() => issue(run));
    expect(told).toEqual([['pool', pool, 3, 1], ['pool', pool, 3, 2], ['pool', pool, 3, 3], ['exhausted', pool]]);
  });

  test('is carried in authorization only', async () => {
    const { provider } = poolOf();
    const sighting = findSurrogate({ headers: { 'x-token': 'pdk-patpool-eyJhbGciOiJkaXIi..a.b.c' } })!;
    expect(await refusalOf(() => refuseMisplaced(sighting, provider.carriers(GRANT)))).toContain('it belongs in header authorization');
  });
});

describe('a pool without a free token', () => {
  test('is exhausted, says so with 503, and when to ask again', async () => {
    const { issue } = poolOf();
    for (const run of ['r1', 'r2', 'r3']) await issue(run);
    const refusal = await issue('r4').catch((error: ApiError) => error) as ApiError;
    expect(refusal).toMatchObject({ code: 'PoolExhausted', status: 503, headers: { 'retry-after': '10' } });
    expect(refusal.message).toBe('credential API_KEY of PATPool: all 3 tokens are leased');
  });

  test('has one again when a run has ended', async () => {
    const { issue } = poolOf();
    const first = await issue('r1', PATS[0]);
    const ended = { run: () => ({ ...RUN, name: 'r1', uid: 'uid-r1', phase: 'Succeeded' as const }), isSessionRevoked: () => false };
    expect(await issue('r2', PATS[0], { subjects: ended })).toEqual(first);
  });
});

describe('a token that was taken out of the pool', () => {
  test('is not exchanged any more, nor is another in its place', async () => {
    const { issue, tokenOf } = poolOf();
    const { name } = await issue('r1');
    expect(await refusalOf(() => tokenOf(name, PATS[1]))).toBe(`SubstituteFailed 403 the token of lease ${LEASE.leaseId} is not in its pool any more`);
  });

  test('is replaced when its run asks again, and goes to nobody else meanwhile', async () => {
    const { issue } = poolOf();
    const { name } = await issue('r1');
    const moved = await issue('r1', `${PATS[1]}\n${PATS[2]}`);
    expect(moved.name).not.toBe(name);
    expect((await issue('r2')).name).not.toBe(name);
    expect(await refusalOf(() => issue('r3'))).toContain('PoolExhausted');
  });

  test('is not renewed', async () => {
    const { provider, issue } = poolOf();
    await issue('r1');
    expect(await refusalOf(() => provider.renew!(GRANT, issueContext(PATS[1], { leaseUntil: T0 + 2 * HOUR }))))
      .toBe('SubstituteFailed 403 the lease on credential API_KEY holds no token of its pool any more');
  });
});

test('a renewal keeps the slot until the new end, and tells which it is', async () => {
  const { provider, issue, store } = poolOf();
  const slot = await issue('r1');
  expect(await provider.renew!(GRANT, issueContext(POOL, { leaseUntil: T0 + 2 * HOUR }))).toEqual(slot);
  expect(store.slots.get(slot.name)?.holder?.until).toBe(T0 + 2 * HOUR);
});

test('neither the record nor an answer holds a token', async () => {
  const { provider, store } = poolOf();
  const handout = await provider.issue(GRANT, issueContext(POOL));
  expect(JSON.stringify([handout, [...store.slots]])).not.toContain('planted');
});

describe('a bearer is refused', () => {
  test.each([['without a slot', undefined], ['of a slot that nobody knows', 'f'.repeat(32)]])('%s', async (_, slot) => {
    expect(await refusalOf(() => poolOf().tokenOf(slot))).toContain('SubstituteFailed 403');
  });
});

describe('a Secret that is no pool', () => {
  const place = 'ProviderFailure 500 credential API_KEY of PATPool: key token of Secret upstream';
  const odd = 'has something else than one token of visible ASCII, of at most 4096 characters, on line';

  test.each<[string, string | Buffer | undefined, string]>([
    ['is not there', undefined, 'is not there'],
    ['is no text', Buffer.from([0xff]), 'is not UTF-8 text'],
    ['has only comments', '# none\n\n', 'has no token'],
    ['has two tokens on a line', `${PATS[0]}\n${PATS[1]} ${PATS[2]}`, `${odd} 2`],
    ['has letters outside ASCII', `${PATS[0]}\n\n${PATS[1]}ä`, `${odd} 3`],
    ['has a token that no header carries', 'planted'.padEnd(4097, 'x'), `${odd} 1`],
    ['is too large', Array.from({ length: 501 }, (_, index) => `planted-${index}`).join('\n'), 'has 501 tokens; a pool has at most 500'],
  ])('because it %s is refused at issue and at exchange, and none of it is told', async (_, secret, problem) => {
    const { provider, store } = poolOf();
    expect(await refusalOf(() => provider.issue(GRANT, issueContext(secret)))).toBe(`${place} ${problem}`);
    expect(await refusalOf(() => provider.exchange(GRANT, exchangeContext(secret)))).toBe(`${place} ${problem}`);
    expect(store.slots.size).toBe(0);
  });
});
