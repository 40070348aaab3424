import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyAuditLog } from '../../../../../sidecar/src/broker/audit/verification/verify';
import { decision, linesIn, logBytes, openLog, segmentsIn, temporaryFolders, UNSYNCED } from '../support';

const folder = temporaryFolders();

// Hundreds of logs on a real disk, which may be a slow one.
jest.setTimeout(60_000);

/** A log with some batches, the last of several records. */
async function written(limits = {}): Promise<{ at: string; batches: number[] }> {
  const at = folder();
  const log = await openLog(at, { limits });
  await log.write(decision({ reason: 'one' }));
  await log.write(decision({ reason: 'two' }));
  await Promise.all(['three', 'four', 'five'].map((reason) => log.write(decision({ reason }))));
  await log.close();
  return { at, batches: linesIn(at).map(({ batch }) => batch) };
}

/** The same folder, with the last segment ending earlier. */
function copyCut(from: string, size: number): string {
  const at = folder();
  cpSync(from, at, { recursive: true });
  truncateSync(join(at, segmentsIn(at).at(-1)!), size);
  return at;
}

test('a log cut off at any byte of its last record goes on without that record, and verifies', async () => {
  const { at } = await written();
  const whole = logBytes(at);
  const lastStart = whole.lastIndexOf(10, whole.length - 2) + 1;
  for (let size = lastStart + 1; size < whole.length; size++) {
    const cut = copyCut(at, size);
    const log = await openLog(cut, { files: UNSYNCED });
    await log.write(decision({ reason: 'after' }));
    await log.close();
    const verified = await verifyAuditLog(cut, log.heads());
    expect(verified).toMatchObject({ ok: true, counts: { events: 5, recovered: 1 } });
    expect(readFileSync(join(cut, 'cut-0000000000000006.bin'))).toEqual(whole.subarray(lastStart, size));
  }
});

test('a log cut off at any byte of its last batch keeps the records that are whole', async () => {
  const { at, batches } = await written();
  expect(batches).toEqual([1, 2, 3, 4, 4, 4]);
  const whole = logBytes(at);
  const batchStart = whole.indexOf('{"stream"', whole.indexOf('"two"'));
  for (let size = batchStart + 1; size < whole.length; size += 7) {
    const cut = copyCut(at, size);
    await (await openLog(cut, { files: UNSYNCED })).close();
    const kept = whole.subarray(0, size).lastIndexOf(10) + 1;
    expect(logBytes(cut).subarray(0, kept)).toEqual(whole.subarray(0, kept));
    expect(await verifyAuditLog(cut)).toMatchObject({ ok: true });
  }
});

test('what was cut off is remembered in the chain, with its hash and the file that keeps it', async () => {
  const { at } = await written();
  const cut = copyCut(at, logBytes(at).length - 10);
  await (await openLog(cut)).close();
  const { cause, cut: remembered } = linesIn(cut).at(-1)!;
  const kept = readFileSync(join(cut, 'cut-0000000000000006.bin'));
  expect(cause).toBe('the broker was stopped while it wrote');
  expect(remembered).toEqual({ bytes: kept.length, sha256: createHash('sha256').update(kept).digest('hex'), file: 'cut-0000000000000006.bin' });
});

test('a log that ends between records is whole, and nothing is said', async () => {
  const { at } = await written();
  await (await openLog(at)).close();
  expect(await verifyAuditLog(at)).toMatchObject({ ok: true, counts: { records: 6, recovered: 0 } });
});

test('a second crash, in the recovery, loses nothing of the first', async () => {
  const { at } = await written();
  const cut = copyCut(at, logBytes(at).length - 10);
  await (await openLog(cut)).close();
  const again = copyCut(cut, logBytes(cut).length - 10);
  await (await openLog(again)).close();
  expect(readdirSync(again).filter((name) => name.includes('cut')).sort()).toEqual(['again-1-cut-0000000000000006.bin', 'cut-0000000000000006.bin']);
  expect(await verifyAuditLog(again)).toMatchObject({ ok: true, counts: { recovered: 1 } });
});

test.each([0, 1, 50, 300])('a segment of which only %d bytes were written is begun again', async (size) => {
  const { at } = await written({ segmentBytes: 300 });
  const cut = copyCut(at, size);
  const log = await openLog(cut);
  await log.write(decision());
  await log.close();
  expect(await verifyAuditLog(cut, log.heads())).toMatchObject({ ok: true, counts: { recovered: size === 0 ? 0 : 1 } });
});

test('a crash in the first record of all begins the stream again', async () => {
  const at = folder();
  writeFileSync(join(at, 'audit-0000000000000001.jsonl'), '{"stream":"broker-0-12345678","seq');
  const log = await openLog(at);
  await log.close();
  expect(linesIn(at).map(({ type }) => type)).toEqual(['started', 'recovered']);
  expect(existsSync(join(at, 'cut-0000000000000001.bin'))).toBe(true);
});

test('zeros behind the last record, as a power cut can leave them, are cut off', async () => {
  const { at } = await written();
  const [name] = segmentsIn(at);
  writeFileSync(join(at, name), Buffer.concat([logBytes(at), Buffer.alloc(5000)]));
  await (await openLog(at)).close();
  expect(linesIn(at).at(-1)?.cut).toMatchObject({ bytes: 5000 });
});

test('a hole inside the batch that was under way is cut off with what is behind it in the batch', async () => {
  const { at } = await written();
  const bytes = logBytes(at);
  bytes.fill(0, bytes.indexOf('"four"'), bytes.indexOf('"four"') + 6);
  writeFileSync(join(at, segmentsIn(at)[0]), bytes);
  await (await openLog(at)).close();
  expect(linesIn(at).map(({ type, event }) => event?.reason ?? type)).toEqual(['started', 'one', 'two', 'three', 'recovered']);
});

test('only the end of a big segment is read at start', async () => {
  const at = folder();
  const log = await openLog(at);
  for (let round = 0; round < 6; round++) await Promise.all(Array.from({ length: 1000 }, () => log.write(decision({ reason: 'r'.repeat(100) }))));
  await log.close();
  expect(logBytes(at).length).toBeGreaterThan(1_500_000);
  const torn = copyCut(at, logBytes(at).length - 1);
  await (await openLog(torn)).close();
  expect(await verifyAuditLog(torn)).toMatchObject({ ok: true, counts: { events: 5999, recovered: 1 } });
});

describe('a start is refused, and nothing is touched,', () => {
  const refuse = async (at: string, message: string | RegExp): Promise<void> => {
    const before = logBytes(at);
    await expect(openLog(at)).rejects.toThrow(message);
    expect(logBytes(at)).toEqual(before);
    expect(readdirSync(at).filter((name) => name.includes('cut'))).toEqual([]);
  };

  test('when a batch before the last was changed', async () => {
    const { at } = await written();
    const bytes = logBytes(at);
    bytes[bytes.indexOf('"two"') + 1]++;
    writeFileSync(join(at, segmentsIn(at)[0]), bytes);
    await refuse(at, 'where no crash reaches');
  });

  test('when more than a batch stands behind the last record', async () => {
    const { at } = await written();
    writeFileSync(join(at, segmentsIn(at)[0]), Buffer.concat([logBytes(at), Buffer.alloc(1_000_000)]));
    await refuse(at, 'where no crash reaches');
  });

  test('when a segment is missing', async () => {
    const { at } = await written({ segmentBytes: 300 });
    const [, second] = segmentsIn(at);
    writeFileSync(join(at, second), '');
    await refuse(at, /is missing|is not whole/);
  });

  test('when the last segment has the name of a later one', async () => {
    const { at } = await written({ segmentBytes: 300 });
    const last = segmentsIn(at).at(-1)!;
    renameSync(join(at, last), join(at, 'audit-0000000000000099.jsonl'));
    await refuse(at, /line \d+ of the audit log is missing: the next segment is audit-0000000000000099.jsonl/);
  });

  test('when the end of a big segment holds no line at all', async () => {
    const { at } = await written();
    writeFileSync(join(at, segmentsIn(at)[0]), Buffer.concat([logBytes(at), Buffer.from('x\n'.repeat(500_000))]));
    await refuse(at, 'where no crash reaches');
  });

  test('when a segment that is not the last has a wrong end', async () => {
    const { at } = await written({ segmentBytes: 300 });
    const [first] = segmentsIn(at);
    writeFileSync(join(at, first), Buffer.concat([readFileSync(join(at, first)), Buffer.from('x')]));
    const last = segmentsIn(at).at(-1)!;
    writeFileSync(join(at, last), '');
    await refuse(at, /is not whole|where no crash reaches/);
  });
});
