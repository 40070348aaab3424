import { spaceProblem } from '../../../../../sidecar/src/broker/audit/log/space';

test.each([
  ['there is the reserve', { free: 100, used: 0 }, { reserveBytes: 100 }],
  ['there is no limit to the log', { free: 100, used: 1e15 }, { reserveBytes: 100 }],
  ['the log is below its limit', { free: 100, used: 49 }, { reserveBytes: 100, maxTotalBytes: 50 }],
])('there is room when %s', (_, space, limits) => {
  expect(spaceProblem(space, limits)).toBeUndefined();
});

test.each([
  ['a byte of the reserve is taken', { free: 99, used: 0 }, { reserveBytes: 100 }, 'the volume of the audit log is nearly full: 99 bytes are free, 100 must be'],
  ['the log has its limit', { free: 100, used: 50 }, { reserveBytes: 0, maxTotalBytes: 50 }, 'the audit log takes 50 bytes, and may take 50'],
])('there is no room when %s', (_, space, limits, message) => {
  expect(spaceProblem(space, limits)).toBe(message);
});
