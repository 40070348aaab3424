import { AUDIT_LIMITS, AuditLimits } from '../../../../../sidecar/src/broker/audit/log/limits';
import { verifyAuditLog } from '../../../../../sidecar/src/broker/audit/verification/verify';
import { decision, failure, FaultyFiles, gate, linesIn, logBytes, openLog, runningLog, segmentsIn, temporaryFolders, until } from '../support';

const folder = temporaryFolders();

// A disk may be slow.
jest.setTimeout(60_000);
const { maxWaitMs } = AUDIT_LIMITS;

const running = (limits?: Partial<AuditLimits>) => runningLog(folder(), limits);

const reasons = (at: string): (string | undefined)[] => linesIn(at).map(({ type, event }) => event?.reason ?? type);

describe.each(['ENOSPC', 'EIO', 'EBADF'])('after %s', (code) => {
  test.each(['append', 'sync'])('in %s, writers are rejected and the log is not ready', async (step) => {
    const { files, log } = await running();
    if (step === 'append') files.onAppend = async () => Promise.reject(failure(code));
    else files.onSync = async () => Promise.reject(failure(code));
    await expect(log.write(decision())).rejects.toMatchObject({ name: 'AuditUnavailableError', message: `the audit log cannot be written: ${code}: injected` });
    expect(log.unready()).toContain(code);
    const appends = files.appends;
    await expect(log.write(decision())).rejects.toThrow(code);
    expect(files.appends).toBe(appends);
    await log.close();
  });

  test('half a line is taken back by the first probe that succeeds, and the log goes on', async () => {
    const { at, files, log, probe } = await running();
    const head = log.heads();
    files.appendsBefore = 100;
    files.onAppend = async () => Promise.reject(failure(code));
    await expect(log.write(decision({ reason: 'lost' }))).rejects.toThrow(code);
    await probe();
    expect(log.unready()).toContain(code);
    expect(log.heads()).toEqual(head);
    files.onAppend = async () => undefined;
    await probe();
    expect(log.unready()).toBeUndefined();
    await log.write(decision({ reason: 'after' }));
    await log.close();
    expect(reasons(at)).toEqual(['started', 'before', 'recovered', 'after']);
    expect(linesIn(at)[2].cause).toBe(`the audit log cannot be written: ${code}: injected`);
    expect(await verifyAuditLog(at, [...head, ...log.heads()])).toMatchObject({ ok: true });
  });
});

test('a batch whose sync failed is taken back whole: a record that was refused does not come back', async () => {
  const { at, files, log, probe } = await running();
  files.onSync = async () => Promise.reject(failure('EIO'));
  await Promise.all(Array.from({ length: 5 }, () => expect(log.write(decision({ reason: 'lost' }))).rejects.toThrow('EIO')));
  expect(logBytes(at).includes('lost')).toBe(true);
  files.onSync = async () => undefined;
  await probe();
  expect(reasons(at)).toEqual(['started', 'before', 'recovered']);
  await log.close();
});

test('writers that were queued when the batch before failed are rejected with it', async () => {
  const { at, files, log } = await running();
  const { opened, fail } = gate();
  files.onSync = () => opened;
  const first = expect(log.write(decision())).rejects.toThrow('EIO');
  await until(() => files.appends === 3);
  const second = expect(log.write(decision({ reason: 'queued' }))).rejects.toThrow('EIO');
  fail(failure('EIO'));
  await Promise.all([first, second]);
  expect(logBytes(at).includes('queued')).toBe(false);
  await log.close();
});

test('a segment that cannot be begun is taken back, and begun by the probe', async () => {
  const { at, files, log, probe } = await running({ segmentBytes: 300 });
  files.onSync = async () => Promise.reject(failure('ENOSPC'));
  await expect(log.write(decision({ reason: 'lost' }))).rejects.toThrow('ENOSPC');
  expect(segmentsIn(at)).toHaveLength(2);
  files.onSync = async () => undefined;
  await probe();
  await log.write(decision({ reason: 'after' }));
  await log.close();
  expect(reasons(at).filter((reason) => reason !== 'segment')).toEqual(['started', 'before', 'recovered', 'after']);
  expect(await verifyAuditLog(at)).toMatchObject({ ok: true });
});

test('a folder that takes no new file makes the log unready when a segment is full', async () => {
  const { at, files, log, probe } = await running({ segmentBytes: 300 });
  files.onCreate = async () => Promise.reject(failure('ENOSPC'));
  await expect(log.write(decision())).rejects.toThrow('ENOSPC');
  await probe();
  expect(log.unready()).toContain('ENOSPC');
  files.onCreate = async () => undefined;
  await probe();
  expect(log.unready()).toBeUndefined();
  await log.close();
  expect(await verifyAuditLog(at)).toMatchObject({ ok: true });
});

test('a file that cannot be put right stays unready', async () => {
  const { files, log, probe } = await running();
  files.appendsBefore = 10;
  files.onAppend = async () => Promise.reject(failure('ENOSPC'));
  files.onTruncate = async () => Promise.reject(failure('EIO'));
  await expect(log.write(decision())).rejects.toThrow('ENOSPC');
  files.onAppend = async () => undefined;
  await probe();
  expect(log.unready()).toBe('the audit log cannot be written: EIO: injected');
  await log.close();
});

test('a failed first write stops the start and gives the folder back', async () => {
  const at = folder();
  const files = new FaultyFiles();
  files.onSync = async () => Promise.reject(failure('EIO'));
  await expect(openLog(at, { files })).rejects.toThrow('EIO');
  await (await openLog(at)).close();
});

describe('a disk that does not answer', () => {
  test('rejects its writers in time, refuses others at once, and is used again when it answers', async () => {
    const { at, files, timers, log, pass } = await running();
    const { opened, open } = gate();
    files.onSync = () => opened;
    const slow = expect(log.write(decision({ reason: 'slow' }))).rejects.toThrow('did not answer within 2000 ms');
    await until(() => files.appends === 3);
    pass(maxWaitMs);
    timers.fire(maxWaitMs);
    await slow;
    expect(log.unready()).toBe('the disk of the audit log does not answer');
    await expect(log.write(decision())).rejects.toThrow('does not answer');
    open();
    await until(() => log.unready() === undefined);
    await log.write(decision({ reason: 'after' }));
    expect(reasons(at)).toEqual(['started', 'before', 'slow', 'after']);
    await log.close();
  });

  test('does not hold up the end, and keeps the folder from another broker', async () => {
    const { at, files, timers, log } = await running();
    const { opened, open } = gate();
    files.onSync = () => opened;
    const write = log.write(decision());
    await until(() => files.appends === 3);
    const closing = log.close();
    timers.fire(maxWaitMs);
    await closing;
    await expect(openLog(at)).rejects.toThrow('another broker has the audit folder');
    open();
    await write;
  });
});

describe('a volume that is nearly full', () => {
  test('makes the log unready with the next look, before anything fails, and ready when there is room', async () => {
    const { files, look, log, probe } = await running();
    files.freeBytes = AUDIT_LIMITS.reserveBytes - 1;
    await look();
    expect(log.unready()).toBe(`the audit log cannot be written: the volume of the audit log is nearly full: ${files.freeBytes} bytes are free, 33554432 must be`);
    await expect(log.write(decision())).rejects.toThrow('nearly full');
    files.freeBytes = Infinity;
    await probe();
    expect(log.unready()).toBeUndefined();
    await log.close();
  });

  test('is seen at start: the broker starts and is not ready', async () => {
    const files = new FaultyFiles();
    files.freeBytes = 0;
    const log = await openLog(folder(), { files });
    expect(log.unready()).toContain('nearly full');
    await log.close();
  });

  test('is looked at again before more is written than there was room for', async () => {
    const files = new FaultyFiles();
    files.freeBytes = AUDIT_LIMITS.reserveBytes + 4000;
    const log = await openLog(folder(), { files });
    files.freeBytes = 0;
    await log.write(decision());
    const writes = Array.from({ length: 20 }, () => log.write(decision({ reason: 'r'.repeat(900) })));
    expect((await Promise.allSettled(writes)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(log.unready()).toContain('nearly full');
    await log.close();
  });

  test('is also a log that takes as much as it may: nothing is deleted to go on', async () => {
    const { at, log } = await running({ maxTotalBytes: 2000, segmentBytes: 300 });
    let accepted = 1;
    await expect((async () => {
      for (; accepted < 100; accepted++) await log.write(decision());
    })()).rejects.toThrow(/the audit log takes \d+ bytes, and may take 2000/);
    await log.close();
    expect(linesIn(at).filter(({ type }) => type === 'event')).toHaveLength(accepted);
  });
});
