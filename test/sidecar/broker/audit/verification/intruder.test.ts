import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyAuditLog } from '../../../../../sidecar/src/broker/audit/verification/verify';
import { decision, runningLog, segmentsIn, temporaryFolders } from '../support';

const folder = temporaryFolders();

// A disk may be slow.
jest.setTimeout(60_000);

describe('somebody else at the file is seen by the next look', () => {
  test('who appends: it is cut off, and the record says so', async () => {
    const { at, log, look, probe } = await runningLog(folder());
    appendFileSync(join(at, segmentsIn(at)[0]), 'x'.repeat(100));
    await look();
    expect(log.unready()).toContain('so somebody else changed it');
    await probe();
    expect(log.unready()).toBeUndefined();
    await log.close();
    expect(await verifyAuditLog(at)).toMatchObject({ ok: true, counts: { recovered: 1 } });
  });

  test('who appends more than a batch: it is not cut, and the log stays unready', async () => {
    const { at, log, look, probe } = await runningLog(folder());
    appendFileSync(join(at, segmentsIn(at)[0]), 'x'.repeat(1_000_000));
    await look();
    await probe();
    expect(log.unready()).toContain('1000000 bytes stand behind the last line');
    await log.close();
  });

  test('who cuts: the log stays unready', async () => {
    const { at, log, look, probe } = await runningLog(folder());
    truncateSync(join(at, segmentsIn(at)[0]), 10);
    await look();
    await probe();
    expect(log.unready()).toContain('lost lines that were durable');
    await expect(log.write(decision())).rejects.toThrow('lost lines');
    await log.close();
  });

  test('who moves the file away, or puts another in its place: the log stays unready', async () => {
    const { at, log, look, probe } = await runningLog(folder());
    const path = join(at, segmentsIn(at)[0]);
    renameSync(path, `${path}.old`);
    await look();
    expect(log.unready()).toContain('removed or replaced');
    await probe();
    expect(log.unready()).toContain('lost lines that were durable');
    writeFileSync(path, '');
    await probe();
    expect(log.unready()).toContain('lost lines that were durable');
    await log.close();
  });
});
