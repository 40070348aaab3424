import { promises as fs, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRevocationsFile } from '../../../../sidecar/src/broker/revocations/revocations-file';
import { tempFolder } from '../../../helpers/temp-folder';

const T0 = Date.UTC(2026, 4, 4, 9);
const HOUR = 3600_000;
const RUN = { namespace: 'team-a', name: 'r1' };
const LEASE = `uss-${'0'.repeat(32)}`;
const root = tempFolder();
let count = 0;

function setup() {
  const file = join(root, `revocations-${count += 1}.json`);
  const time = { now: T0 };
  return { file, time, open: () => openRevocationsFile(file, () => time.now) };
}

test('what is revoked counts at once and after a restart', async () => {
  const { open } = setup();
  const first = await open();
  const kept = first.revokeLeases(RUN, [LEASE]);
  expect(first.leasesOf(RUN)).toEqual([LEASE]);
  await kept;
  await first.revokeSession('s1', T0 + HOUR);
  const second = await open();
  expect(second.leasesOf(RUN)).toEqual([LEASE]);
  expect(second.isSessionRevoked('s1')).toBe(true);
});

test('nothing else is revoked by it', async () => {
  const revocations = await setup().open();
  await revocations.revokeLeases(RUN, [LEASE]);
  await revocations.revokeSession('s1', T0 + HOUR);
  expect(revocations.leasesOf({ namespace: 'team-b', name: 'r1' })).toEqual([]);
  expect(revocations.leasesOf({ namespace: 'team-a', name: 'r2' })).toEqual([]);
  expect(revocations.isSessionRevoked('s2')).toBe(false);
});

test('revoking again changes nothing', async () => {
  const { file, open } = setup();
  const revocations = await open();
  await revocations.revokeLeases(RUN, [LEASE, LEASE]);
  const text = readFileSync(file, 'utf8');
  await revocations.revokeLeases(RUN, [LEASE]);
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(revocations.leasesOf(RUN)).toEqual([LEASE]);
});

test('a session is forgotten once it is over, and not brought forward by an earlier end', async () => {
  const { file, time, open } = setup();
  const revocations = await open();
  await revocations.revokeSession('s1', T0 + HOUR);
  await revocations.revokeSession('s1', T0 + 1);
  time.now = T0 + HOUR - 1;
  expect(revocations.isSessionRevoked('s1')).toBe(true);
  time.now = T0 + HOUR;
  expect(revocations.isSessionRevoked('s1')).toBe(false);
  // Clocks that are set back by minutes bring nothing back.
  await revocations.revokeSession('s2', T0 + 2 * HOUR);
  expect(readFileSync(file, 'utf8')).toContain('"s1"');
  time.now += 5 * 60_000;
  await revocations.revokeSession('s2', T0 + 2 * HOUR);
  expect(readFileSync(file, 'utf8')).not.toContain('"s1"');
});

test('many at a time are all kept', async () => {
  const { open } = setup();
  const revocations = await open();
  const ids = Array.from({ length: 50 }, (_, index) => `uss-${String(index).padStart(32, '0')}`);
  await Promise.all(ids.map((id) => revocations.revokeLeases(RUN, [id])));
  expect((await open()).leasesOf(RUN)).toEqual(ids);
});

test('the file is for the owner only, and no draft of it is left', async () => {
  const { file, open } = setup();
  await (await open()).revokeLeases(RUN, [LEASE]);
  expect(statSync(file).mode.toString(8)).toMatch(/600$/);
  expect(readdirSync(root).filter((name) => name.endsWith('.draft'))).toEqual([]);
});

test('what cannot be kept is refused, and counts here all the same', async () => {
  const { open } = setup();
  const revocations = await open();
  const rename = jest.spyOn(fs, 'rename').mockRejectedValueOnce(new Error('the disk is full'));
  await expect(revocations.revokeLeases(RUN, [LEASE])).rejects.toThrow('full');
  rename.mockRestore();
  expect(revocations.leasesOf(RUN)).toEqual([LEASE]);
  await revocations.revokeSession('s1', T0 + HOUR);
  expect((await open()).leasesOf(RUN)).toEqual([LEASE]);
});

test.each([
  ['nothing', ''], ['half of it', '{"leases":['], ['another object', '{"leases":{},"sessions":[]}'], ['a lease without id', '{"leases":[{"namespace":"a","name":"b"}],"sessions":[]}'],
  ['a session without end', '{"leases":[],"sessions":[{"id":"s1"}]}'], ['a list', '[]'],
])('a file that holds %s stops the start: what was revoked would be good again', async (_, text) => {
  const { file, open } = setup();
  writeFileSync(file, text);
  await expect(open()).rejects.toThrow(`${file}: is not a list of revocations`);
});
