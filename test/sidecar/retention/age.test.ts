import fc from 'fast-check';
import { cutoffOf, removableIf } from '../../../sidecar/src/retention/age';

const NOW = Date.parse('2026-05-04T09:00:00Z');
const HOUR = 3600;

describe('the time before which events are removed', () => {
  test('is the retention before the present', () => {
    expect(cutoffOf(NOW, NOW, HOUR)).toEqual({ before: NOW - 3_600_000, isClockWrong: false });
  });

  test.each([['of the node', NOW, NOW + 9e9], ['of the API server', NOW + 9e9, NOW]])('does not move on with a clock %s that is ahead, which is told', (_, api, node) => {
    expect(cutoffOf(api, node, HOUR)).toEqual({ before: NOW - 3_600_000, isClockWrong: true });
  });

  test('clocks may differ by five minutes', () => {
    expect([299_999, -300_000, 300_001, -300_001].map((skew) => cutoffOf(NOW, NOW + skew, HOUR).isClockWrong)).toEqual([false, false, true, true]);
  });

  test('whatever two clocks say, an event that is young by one of them stays', () => {
    const moment = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000);
    fc.assert(fc.property(moment, moment, moment, fc.integer({ min: 1, max: 157_680_000 }), (api, node, made, retention) => {
      const meta = { name: 'a', uid: 'u', creationTimestamp: new Date(made).toISOString() };
      const isRemoved = removableIf(meta, cutoffOf(api, node, retention).before) !== undefined;
      expect(isRemoved).toBe(api - made > retention * 1000 && node - made > retention * 1000);
    }));
  });
});

describe('an event', () => {
  const old = { name: 'a', uid: 'u', creationTimestamp: '2026-05-04T08:59:59Z' };

  test('that was made before the time is removed, by name and UID', () => {
    expect(removableIf(old, NOW)).toEqual({ name: 'a', uid: 'u' });
  });

  test.each<[string, object]>([
    ['was made at that time', { creationTimestamp: '2026-05-04T09:00:00Z' }],
    ['has no time', { creationTimestamp: undefined }],
    ['has a time that is none', { creationTimestamp: 'yesterday' }],
    ['has a number as time', { creationTimestamp: 0 }],
    ['has no UID', { uid: undefined }],
    ['is going already', { deletionTimestamp: '2026-05-04T08:59:59Z' }],
  ])('that %s stays', (_, change) => {
    expect(removableIf({ ...old, ...change }, NOW)).toBeUndefined();
  });
});
