import { MintedToken, MintFailure, TokenCache } from '../../../../sidecar/src/broker/providers/token-cache';
import { HOUR, refusalOf, T0 } from '../example-grants';

const MINUTE = 60_000;
let now = T0;
let cache: TokenCache;
beforeEach(() => {
  now = T0;
  cache = new TokenCache(() => now);
});

/** Mints t1, t2, ... that live for an hour, unless told to fail. */
function minter(lifetime = HOUR) {
  const mint = jest.fn(async (): Promise<MintedToken> => {
    const token = `t${mint.mock.calls.length}`;
    if (mint.failing !== undefined) throw mint.failing;
    return { token, expiresAt: now + lifetime };
  }) as jest.Mock<Promise<MintedToken>> & { failing?: Error };
  return mint;
}

const failed = (message = 'no') => `undefined undefined ${message}`;

describe('a token', () => {
  test('is minted once, and serves until ten minutes before its end', async () => {
    const mint = minter();
    await cache.get('k', mint);
    now += 50 * MINUTE - 1;
    expect(await cache.get('k', mint)).toBe('t1');
    expect(mint).toHaveBeenCalledTimes(1);
  });

  test('is minted once when many ask at the same time', async () => {
    const mint = minter();
    expect(await Promise.all(Array.from({ length: 50 }, () => cache.get('k', mint)))).toEqual(Array(50).fill('t1'));
    expect(mint).toHaveBeenCalledTimes(1);
  });

  test('is renewed in its last ten minutes, and whoever asks meanwhile gets the old one at once', async () => {
    const mint = minter();
    await cache.get('k', mint);
    now += 50 * MINUTE;
    expect([await cache.get('k', mint), await cache.get('k', mint)]).toEqual(['t1', 't2']);
    expect(mint).toHaveBeenCalledTimes(2);
  });

  test('is never used in its last minute', async () => {
    const mint = minter();
    await cache.get('k', mint);
    now += 59 * MINUTE;
    expect(await cache.get('k', mint)).toBe('t2');
  });

  test('that lives for a short time is not renewed with each request', async () => {
    const mint = minter(8 * MINUTE);
    await cache.get('k', mint);
    now += 6 * MINUTE - 1;
    await cache.get('k', mint);
    expect(mint).toHaveBeenCalledTimes(1);
  });

  test('is another one for another purpose', async () => {
    const mint = minter();
    expect([await cache.get('k', mint), await cache.get('l', mint)]).toEqual(['t1', 't2']);
  });
});

describe('a failure', () => {
  test('is told to everybody who waits, and asked for once', async () => {
    const mint = minter();
    mint.failing = new MintFailure('no');
    expect(await Promise.all(Array.from({ length: 9 }, () => refusalOf(() => cache.get('k', mint))))).toEqual(Array(9).fill(failed()));
    expect(mint).toHaveBeenCalledTimes(1);
  });

  test('is not tried again for a second, then for two, for four, and never for more than a minute', async () => {
    const mint = minter();
    mint.failing = new MintFailure('no');
    const waits: number[] = [];
    for (let second = 0; second <= 240; second += 1) {
      now = T0 + second * 1000;
      const before = mint.mock.calls.length;
      await refusalOf(() => cache.get('k', mint));
      if (mint.mock.calls.length > before) waits.push(second);
    }
    expect(waits).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  });

  test('does not matter while the old token serves: an outage of ten minutes goes unnoticed', async () => {
    const mint = minter();
    await cache.get('k', mint);
    mint.failing = new MintFailure('no');
    for (now = T0 + 50 * MINUTE; now < T0 + 59 * MINUTE; now += 10_000) expect(await cache.get('k', mint)).toBe('t1');
    expect(mint.mock.calls.length).toBeLessThan(20);
    expect(await refusalOf(() => cache.get('k', mint))).toBe(failed());
  });

  test('is forgotten when a token was minted', async () => {
    const mint = minter();
    mint.failing = new MintFailure('no');
    await refusalOf(() => cache.get('k', mint));
    mint.failing = undefined;
    now += 1000;
    expect(await cache.get('k', mint)).toBe('t2');
  });

  test('of one purpose does not stop another', async () => {
    const mint = minter();
    mint.failing = new MintFailure('no');
    await refusalOf(() => cache.get('k', mint));
    mint.failing = undefined;
    expect(await cache.get('l', mint)).toBe('t2');
  });

  test('that is a defect comes through as it is', async () => {
    const mint = minter();
    mint.failing = new TypeError('a defect');
    await expect(cache.get('k', mint)).rejects.toBeInstanceOf(TypeError);
  });

  test('is what a token is that ends within a minute', async () => {
    expect(await refusalOf(() => cache.get('k', minter(MINUTE)))).toBe(failed('the token that was minted ends too soon'));
  });
});
