import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { verifyAuditLog } from '../../../../../sidecar/src/broker/audit/verification/verify';
import { decision, FaultyFiles, linesIn, logBytes, openLog, segmentsIn, temporaryFolders } from '../support';

const folder = temporaryFolders();

// A disk may be slow.
jest.setTimeout(60_000);

test('a record is on disk when its write resolves', async () => {
  const at = folder();
  const log = await openLog(at);
  await log.write(decision({ reason: 'first' }));
  expect(linesIn(at).map(({ type, event }) => [type, event?.reason])).toEqual([['started', undefined], ['event', 'first']]);
  await log.close();
});

test('a write answers where its record is: stream and number of its line', async () => {
  const at = folder();
  const log = await openLog(at, { limits: { segmentBytes: 2_000 } });
  const reasons = Array.from({ length: 40 }, (_, index) => `number ${index}`);
  const ids: string[] = [];
  for (const part of [reasons.slice(0, 1), reasons.slice(1, 20), reasons.slice(20)]) {
    ids.push(...await Promise.all(part.map((reason) => log.write(decision({ reason })))));
  }
  const found = ids.map((id) => linesIn(at).find(({ stream, sequence }) => `${stream}-${sequence}` === id)?.event?.reason);
  expect(found).toEqual(reasons);
  expect(segmentsIn(at).length).toBeGreaterThan(1);
  await log.close();
});

test('the stream begins with a record of its start, numbered 1, and is named after the replica', async () => {
  const at = folder();
  const log = await openLog(at);
  expect(linesIn(at)).toEqual([expect.objectContaining({ sequence: 1, type: 'started', time: '2030-01-31T12:00:00.000Z' })]);
  expect(linesIn(at)[0].stream).toMatch(/^broker-0-[0-9a-f]{8}$/);
  await log.close();
});

test('the head is the last durable record', async () => {
  const at = folder();
  const log = await openLog(at);
  await log.write(decision());
  const { stream, sequence, hash } = linesIn(at)[1];
  expect(log.heads()).toEqual([{ stream, sequence, hash }]);
  await log.close();
});

test('1,000 parallel writes have no gap, are all on disk, and share their syncs', async () => {
  const at = folder();
  const files = new FaultyFiles();
  const log = await openLog(at, { files });
  files.syncs = 0;
  const reasons = Array.from({ length: 1000 }, (_, index) => `number ${index}`);
  await Promise.all(reasons.map(async (reason) => {
    await log.write(decision({ reason }));
    expect(logBytes(at).includes(`"${reason}"`)).toBe(true);
  }));
  expect(linesIn(at).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 1001 }, (_, index) => index + 1));
  expect(linesIn(at).slice(1).map(({ event }) => event?.reason)).toEqual(reasons);
  expect(files.syncs).toBeLessThan(10);
  await log.close();
});

test('a write alone costs one append and one sync', async () => {
  const files = new FaultyFiles();
  const log = await openLog(folder(), { files });
  const before = [files.appends, files.syncs];
  await log.write(decision());
  expect([files.appends, files.syncs]).toEqual(before.map((count) => count + 1));
  await log.close();
});

test('writes in any number and grouping make a log that verifies up to its head', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), { maxLength: 5 }), async (groups) => {
    const at = folder();
    const log = await openLog(at, { limits: { segmentBytes: 600, batchBytes: 800 } });
    for (const group of groups) await Promise.all(group.map((reason) => log.write(decision({ reason }))));
    await log.close();
    expect(await verifyAuditLog(at, log.heads())).toMatchObject({ ok: true, counts: { events: groups.flat().length } });
  }), { numRuns: 25 });
});

test('a full segment is followed by another, and the chain goes across', async () => {
  const at = folder();
  const log = await openLog(at, { limits: { segmentBytes: 1000 } });
  for (let index = 0; index < 10; index++) await log.write(decision());
  await log.close();
  const lines = linesIn(at);
  expect(segmentsIn(at).length).toBeGreaterThan(2);
  const second = lines.findIndex(({ type }) => type === 'segment');
  expect(lines[second]).toMatchObject({ previous: lines[second - 1].hash });
  expect(segmentsIn(at)[1]).toBe(`audit-${String(lines[second].sequence).padStart(16, '0')}.jsonl`);
});

test('a restart goes on with the stream and its numbers', async () => {
  const at = folder();
  for (const reason of ['before', 'after']) {
    const log = await openLog(at, { limits: { segmentBytes: 300 } });
    await log.write(decision({ reason }));
    await log.close();
  }
  expect(new Set(linesIn(at).map(({ stream }) => stream)).size).toBe(1);
  expect(await verifyAuditLog(at)).toMatchObject({ ok: true, counts: { events: 2, recovered: 0 } });
});

test('writers that wait when the log is closed are served', async () => {
  const at = folder();
  const log = await openLog(at);
  const writes = [log.write(decision()), log.write(decision())];
  await log.close();
  await Promise.all(writes);
  expect(linesIn(at)).toHaveLength(3);
});

test('a log that is closed can be closed again', async () => {
  const log = await openLog(folder());
  await log.close();
  await expect(log.close()).resolves.toBeUndefined();
});

test('only the owner can read the log', async () => {
  const at = folder();
  const log = await openLog(join(at, 'state', 'audit'));
  await log.close();
  expect(statSync(join(at, 'state', 'audit')).mode.toString(8)).toMatch(/700$/);
  expect(statSync(join(at, 'state', 'audit', segmentsIn(join(at, 'state', 'audit'))[0])).mode.toString(8)).toMatch(/600$/);
});

describe('refused are', () => {
  test('a write after the end', async () => {
    const at = folder();
    const log = await openLog(at);
    await log.close();
    await expect(log.write(decision())).rejects.toThrow('the audit log is closed');
    expect(log.unready()).toBe('the audit log is closed');
    expect(linesIn(at)).toHaveLength(1);
  });

  test.each(['', 'Broker', 'broker/0', '-broker', `b${'x'.repeat(100)}`, 'a"b'])('the name %j of a replica', async (replica) => {
    await expect(openLog(folder(), { replica })).rejects.toThrow('the name of the replica must be');
  });

  test('a folder that holds the stream of another replica', async () => {
    const at = folder();
    await (await openLog(at)).close();
    const before = logBytes(at);
    await expect(openLog(at, { replica: 'broker-1' })).rejects.toThrow(/holds the stream broker-0-[0-9a-f]{8}, which is not of broker-1/);
    await expect(openLog(at, { replica: 'broker' })).rejects.toThrow('which is not of broker');
    expect(logBytes(at)).toEqual(before);
  });

  test('a log without its beginning', async () => {
    const at = folder();
    writeFileSync(join(at, 'audit-0000000000000007.jsonl'), '');
    await expect(openLog(at)).rejects.toThrow('its beginning is missing');
  });

  test('a record that was durable and is changed', async () => {
    const at = folder();
    const log = await openLog(at);
    for (let index = 0; index < 3; index++) await log.write(decision({ reason: `number ${index}` }));
    await log.close();
    const [segment] = segmentsIn(at);
    const changed = readFileSync(join(at, segment), 'utf8').replace('number 0', 'number 9');
    writeFileSync(join(at, segment), changed);
    await expect(openLog(at)).rejects.toThrow(/was changed at byte \d+, where no crash reaches; look into it with verify/);
    expect(readFileSync(join(at, segment), 'utf8')).toBe(changed);
  });

  test('a log whose middle segment is gone or is not whole', async () => {
    const at = folder();
    const log = await openLog(at, { limits: { segmentBytes: 300 } });
    for (let index = 0; index < 3; index++) await log.write(decision());
    await log.close();
    const middle = join(at, segmentsIn(at)[1]);
    writeFileSync(middle, readFileSync(middle).subarray(0, -5));
    await expect(openLog(at)).rejects.toThrow('is not whole, though another segment follows it');
  });

  test('a folder that cannot be written, unless one is root', async () => {
    const at = folder();
    chmodSync(at, 0o500);
    if (process.getuid?.() === 0) await (await openLog(at)).close();
    else await expect(openLog(at)).rejects.toThrow('EACCES');
    chmodSync(at, 0o700);
  });
});
