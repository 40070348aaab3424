import * as fc from 'fast-check';
import { addressKey, Limiter } from '../../../../sidecar/src/server/bounds/limiter';

function limiterAt(options: { perSecond?: number; burst?: number; maxKeys?: number } = {}) {
  const time = { now: 1_000_000 };
  const limiter = new Limiter({ perSecond: 1, burst: 2, maxKeys: 3, ...options, clock: () => time.now });
  return { limiter, time };
}

describe('a key', () => {
  test('has its burst, and then waits', () => {
    const { limiter } = limiterAt();
    expect(limiter.take('a')).toEqual({ allowed: true, retryAfter: 0 });
    expect(limiter.take('a').allowed).toBe(true);
    expect(limiter.take('a')).toEqual({ allowed: false, retryAfter: 1 });
  });

  test('has a token again that was given back, and never more than its burst', () => {
    const { limiter } = limiterAt();
    limiter.take('a');
    limiter.take('a');
    limiter.giveBack('a');
    expect([limiter.take('a').allowed, limiter.take('a').allowed]).toEqual([true, false]);
    for (let i = 0; i < 5; i += 1) limiter.giveBack('a');
    expect([1, 2, 3].map(() => limiter.take('a').allowed)).toEqual([true, true, false]);
    limiter.giveBack('nobody');
    expect(limiter.size).toBe(1);
  });

  test('gets tokens back at its rate, and not one more', () => {
    const { limiter, time } = limiterAt();
    limiter.take('a');
    limiter.take('a');
    time.now += 999;
    expect(limiter.take('a').allowed).toBe(false);
    time.now += 1;
    expect(limiter.take('a').allowed).toBe(true);
    expect(limiter.take('a').allowed).toBe(false);
  });

  test('is told how long a whole token takes', () => {
    const { limiter } = limiterAt({ perSecond: 0.1, burst: 1 });
    limiter.take('a');
    expect(limiter.take('a').retryAfter).toBe(10);
  });

  test('does not spend what belongs to another', () => {
    const { limiter } = limiterAt({ burst: 1 });
    limiter.take('a');
    expect(limiter.take('b').allowed).toBe(true);
  });

  test('gains nothing by a refusal, nor by looking', () => {
    const { limiter, time } = limiterAt({ burst: 1 });
    limiter.take('a');
    for (let i = 0; i < 10; i++) limiter.take('a');
    expect(limiter.peek('a')).toEqual({ allowed: false, retryAfter: 1 });
    time.now += 1000;
    expect(limiter.peek('a').allowed).toBe(true);
    expect(limiter.take('a').allowed).toBe(true);
  });

  test('gains nothing by a clock that is set back', () => {
    const { limiter, time } = limiterAt({ burst: 1 });
    limiter.take('a');
    time.now -= 3_600_000;
    expect(limiter.take('a').allowed).toBe(false);
  });

  test('does not wait for the old time after a clock was set back', () => {
    const { limiter, time } = limiterAt({ burst: 1 });
    limiter.take('a');
    time.now -= 3_600_000;
    expect(limiter.take('a')).toEqual({ allowed: false, retryAfter: 1 });
    time.now += 1000;
    expect(limiter.take('a').allowed).toBe(true);
  });
});

describe('a full table', () => {
  test('refuses new keys while all are in use, and still serves the known', () => {
    const { limiter } = limiterAt();
    for (const key of ['a', 'b', 'c']) limiter.take(key);
    expect(limiter.take('d')).toEqual({ allowed: false, retryAfter: 1 });
    expect(limiter.take('a').allowed).toBe(true);
    expect(limiter.size).toBe(3);
  });

  test('forgets a key that had time to fill up, which says nothing any more', () => {
    const { limiter, time } = limiterAt();
    for (const key of ['a', 'b', 'c']) limiter.take(key);
    time.now += 1000;
    expect(limiter.take('d').allowed).toBe(true);
    expect(limiter.size).toBe(3);
  });

  test('never forgets one that still owes', () => {
    const { limiter, time } = limiterAt({ burst: 1, maxKeys: 1 });
    limiter.take('guesser');
    time.now += 999;
    limiter.take('other');
    expect(limiter.take('guesser').allowed).toBe(false);
  });
});

test('no sequence of requests gets more than burst and rate allow, and the table stays bounded', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), wait: fc.nat(1500) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const { limiter, time } = limiterAt({ perSecond: 2, burst: 3 });
    const start = time.now;
    const allowed = new Map<string, number>();
    for (const { key, wait } of steps) {
      time.now += wait;
      if (limiter.take(key).allowed) allowed.set(key, (allowed.get(key) ?? 0) + 1);
      expect(limiter.size).toBeLessThanOrEqual(3);
    }
    for (const count of allowed.values()) expect(count).toBeLessThanOrEqual(3 + 2 * (time.now - start) / 1000);
  }));
});

test.each([[0, 1, 1], [-1, 1, 1], [Number.NaN, 1, 1], [1, 0, 1], [1, Number.NaN, 1], [1, 1, 0]])('%d per second, burst %d, %d keys is refused', (perSecond, burst, maxKeys) => {
  expect(() => limiterAt({ perSecond, burst, maxKeys })).toThrow(RangeError);
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  [undefined, 'unknown'],
])('the key of %s is %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
