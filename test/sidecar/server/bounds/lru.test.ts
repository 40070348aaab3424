import * as fc from 'fast-check';
import { ExpiringMap } from '../../../../sidecar/src/server/bounds/lru';

function mapOf(max: number) {
  const time = { now: 0 };
  return { map: new ExpiringMap<string, number>({ max, clock: () => time.now }), time };
}

test('remembers until the time of the entry, and not at it', () => {
  const { map, time } = mapOf(2);
  map.set('a', 1, 10);
  time.now = 9;
  expect(map.get('a')).toBe(1);
  time.now = 10;
  expect(map.get('a')).toBeUndefined();
  expect(map.size).toBe(0);
});

test('forgets what lies ahead after the clock was set back, so that nothing is remembered for longer than it may be', () => {
  const { map, time } = mapOf(2);
  time.now = 1000;
  map.set('a', 1, 1010);
  time.now = 999;
  expect(map.get('a')).toBeUndefined();
  time.now = 1000;
  expect(map.get('a')).toBeUndefined();
});

test('forgets what was not asked for longest', () => {
  const { map } = mapOf(2);
  map.set('a', 1, 10);
  map.set('b', 2, 10);
  map.get('a');
  map.set('c', 3, 10);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
});

test('a new value takes the place and the time of the old one', () => {
  const { map, time } = mapOf(2);
  map.set('a', 1, 10);
  map.set('a', 2, 5);
  time.now = 5;
  expect(map.get('a')).toBeUndefined();
});

test.each([0, -1, Number.NaN])('what is over at %d is not remembered, and what it replaces is gone', (expiresAt) => {
  const { map } = mapOf(2);
  map.set('a', 1, 10);
  map.set('a', 2, expiresAt);
  expect(map.get('a')).toBeUndefined();
});

test('forgets on request', () => {
  const { map } = mapOf(2);
  map.set('a', 1, 10);
  expect(map.delete('a')).toBe(true);
  expect(map.delete('a')).toBe(false);
  map.set('b', 1, 10);
  map.clear();
  expect(map.size).toBe(0);
});

test.each([0, -1, 1.5, Number.NaN])('a map for %d entries is refused', (max) => {
  expect(() => mapOf(max)).toThrow(RangeError);
});

test('is never larger than allowed and never answers with another value or one that is over', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.nat(), lives: fc.integer({ min: -5, max: 20 }), wait: fc.nat(5) });
  fc.assert(fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
    const { map, time } = mapOf(3);
    const last = new Map<string, { value: number; expiresAt: number }>();
    for (const { key, value, lives, wait } of steps) {
      time.now += wait;
      const known = map.get(key);
      if (known !== undefined) expect([known, time.now < last.get(key)!.expiresAt]).toEqual([last.get(key)!.value, true]);
      map.set(key, value, time.now + lives);
      last.set(key, { value, expiresAt: time.now + lives });
      expect(map.size).toBeLessThanOrEqual(3);
    }
  }));
});

describe('with weights', () => {
  function weighing() {
    return new ExpiringMap<string, number>({ max: 100, clock: () => 0, weight: { max: 10, of: (value) => value } });
  }

  test('forgets as many as it takes to have room', () => {
    const map = weighing();
    for (const [key, weight] of [['a', 4], ['b', 4], ['c', 2], ['d', 7]] as const) map.set(key, weight, 1);
    expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([undefined, undefined, 2, 7]);
  });

  test('does not remember what is above the bound alone, nor what was there under its key', () => {
    const map = weighing();
    map.set('a', 4, 1);
    map.set('b', 4, 1);
    map.set('a', 11, 1);
    expect([map.get('a'), map.get('b')]).toEqual([undefined, 4]);
  });

  test('whatever is done, what is there weighs no more than the bound, and there is as much as fits', () => {
    fc.assert(fc.property(fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), weight: fc.nat({ max: 5 }), act: fc.constantFrom('set', 'get', 'delete', 'clear') })), (steps) => {
      const map = weighing();
      for (const { key, weight, act } of steps) act === 'set' ? map.set(key, weight, 1) : act === 'clear' ? map.clear() : map[act](key);
      const sum = ['a', 'b', 'c', 'd'].reduce((total, key) => total + (map.get(key) ?? 0), 0);
      map.set('rest', 10 - sum, 1);
      return sum <= 10 && ['a', 'b', 'c', 'd'].reduce((total, key) => total + (map.get(key) ?? 0), 0) === sum;
    }));
  });
});
