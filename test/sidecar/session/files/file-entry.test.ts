import type { Stats } from 'node:fs';
import fc from 'fast-check';
import { entryOf, modifiedOf, resultOf } from '../../../../sidecar/src/session/files/file-entry';

function stats(mtimeMs: number): Stats {
  const no = () => false;
  const kind = { isDirectory: no, isSymbolicLink: no, isFIFO: no, isSocket: no, isCharacterDevice: no, isBlockDevice: no };
  return { ...kind, size: 1, mode: 0o644, mtimeMs } as unknown as Stats;
}

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [1_777_885_200_999, '2026-05-04T09:00:00Z'],
  [300_000_000_000_000, '9999-12-31T23:59:59Z'],
  [9e15, '9999-12-31T23:59:59Z'],
  [-9e15, '0000-01-01T00:00:00Z'],
])('a file modified at %d ms is told with the nearest time that RFC 3339 can write', (milliseconds, modified) => {
  expect(entryOf('a', stats(milliseconds))).toMatchObject({ modified });
  expect(resultOf('a', stats(milliseconds))).toMatchObject({ modified });
});

test('whatever time a command has set, it is told in the form that clients read', () => {
  fc.assert(fc.property(fc.integer({ min: -(2 ** 53), max: 2 ** 53 }), (seconds) => {
    expect(entryOf('a', stats(seconds * 1000)).modified).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(modifiedOf(stats(seconds * 1000)).toUTCString()).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  }));
});
