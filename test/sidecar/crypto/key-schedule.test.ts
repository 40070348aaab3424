import { HEAD_START, isRotationDue, LONGEST_LIFETIME, ROTATE_AFTER, ROTATE_AFTER_SEALS, sealingKey, spentKeys } from '../../../sidecar/src/crypto/key-schedule';

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 60 * 60 * 1000;
const key = (created: number) => ({ created });

describe('the key that seals', () => {
  test('the only key seals at once', () => {
    expect(sealingKey([key(T0)], T0)).toEqual(key(T0));
  });

  test('a new key does not seal before its head start is over', () => {
    const keys = [key(T0), key(T0 + HOUR)];
    expect(sealingKey(keys, T0 + HOUR + HEAD_START - 1)).toEqual(key(T0));
    expect(sealingKey(keys, T0 + HOUR + HEAD_START)).toEqual(key(T0 + HOUR));
  });

  test('the order in which keys are listed changes nothing', () => {
    expect(sealingKey([key(T0 + HOUR), key(T0)], T0 + 2 * HOUR)).toEqual(key(T0 + HOUR));
  });

  test('after the clock was set back, the oldest key seals', () => {
    expect(sealingKey([key(T0), key(T0 + HOUR)], T0 - HOUR)).toEqual(key(T0));
  });

  test('an empty ring has none', () => {
    expect(sealingKey([], T0)).toBeUndefined();
  });
});

describe('rotation', () => {
  test('is due at 30 days, not before', () => {
    expect(isRotationDue([key(T0)], 0, T0 + ROTATE_AFTER - 1)).toBe(false);
    expect(isRotationDue([key(T0)], 0, T0 + ROTATE_AFTER)).toBe(true);
  });

  test('is due after 2^30 seals, not before', () => {
    expect(ROTATE_AFTER_SEALS).toBe(1_073_741_824);
    expect(isRotationDue([key(T0)], ROTATE_AFTER_SEALS - 1, T0)).toBe(false);
    expect(isRotationDue([key(T0)], ROTATE_AFTER_SEALS, T0)).toBe(true);
  });

  test('is not due while the next key waits to seal', () => {
    const keys = [key(T0), key(T0 + HOUR)];
    expect(isRotationDue(keys, ROTATE_AFTER_SEALS, T0 + HOUR)).toBe(false);
  });

  test('is due for an empty ring', () => {
    expect(isRotationDue([], 0, T0)).toBe(true);
  });
});

describe('spent keys', () => {
  test('the last key is never spent', () => {
    expect(spentKeys([key(T0)], T0 + 1000 * ROTATE_AFTER)).toEqual([]);
  });

  test('a key is kept for the longest life of what it sealed last', () => {
    const keys = [key(T0), key(T0 + HOUR)];
    const lastSeal = T0 + HOUR + HEAD_START;
    expect(spentKeys(keys, lastSeal + LONGEST_LIFETIME)).toEqual([]);
    expect(spentKeys(keys, lastSeal + LONGEST_LIFETIME + HOUR)).toEqual([key(T0)]);
  });
});
