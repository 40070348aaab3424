import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditRecord } from '../../../../sidecar/src/broker/audit/audit-event';
import { AppendFile, AuditFiles, nodeFiles } from '../../../../sidecar/src/broker/audit/log/files';
import { AUDIT_LIMITS, AuditLimits } from '../../../../sidecar/src/broker/audit/log/limits';
import { AuditLog, AuditLogOptions } from '../../../../sidecar/src/broker/audit/log/log';
import { After } from '../../../../sidecar/src/server/time/timers';

export const NOON = Date.UTC(2030, 0, 31, 12);

/** A decision like any other. */
export function decision(change: Partial<AuditRecord> = {}): AuditRecord {
  return { decision: 'granted', kind: 'credential-issued', namespace: 'team-a', run: 'r1', reason: 'issued', ...change };
}

/** Folders of one test file, removed at its end. */
export function temporaryFolders(): () => string {
  const made: string[] = [];
  afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
  return () => {
    made.push(mkdtempSync(join(tmpdir(), 'audit-')));
    return made[made.length - 1];
  };
}

/** Opens the log of `broker-0` with a clock that stands still. */
export function openLog(folder: string, options: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  return AuditLog.open({ folder, replica: 'broker-0', clock: () => NOON, ...options });
}

export function segmentsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('audit-')).sort();
}

/** All bytes of the log. */
export function logBytes(folder: string): Buffer {
  return Buffer.concat(segmentsIn(folder).map((name) => readFileSync(join(folder, name))));
}

export interface LogLine {
  readonly stream: string;
  readonly sequence: number;
  readonly batch: number;
  readonly type: string;
  readonly time: string;
  readonly event?: AuditRecord;
  readonly cut?: unknown;
  readonly cause?: string;
  readonly hash: string;
}

/** The log as objects. */
export function linesIn(folder: string): LogLine[] {
  return logBytes(folder).toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine);
}

export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** The real file system without its syncs: for tests that crash by cutting files, many times. */
export const UNSYNCED: AuditFiles = {
  ...nodeFiles,
  truncate: fs.truncate,
  remove: fs.unlink,
  async append(path, create) {
    const file = await fs.open(path, create ? 'ax' : 'a');
    return {
      append: (bytes) => file.writeFile(bytes),
      sync: async () => undefined,
      size: async () => (await file.stat()).size,
      close: () => file.close(),
    };
  },
};

/** The real file system with a switch at each step. */
export class FaultyFiles implements AuditFiles {
  appends = 0;
  syncs = 0;
  freeBytes = Infinity;
  /** Bytes of an append that get through before it fails. */
  appendsBefore = 0;
  readonly prepare = this.counted(nodeFiles.prepare);
  readonly list = this.counted(nodeFiles.list);
  readonly read = this.counted(nodeFiles.read);
  readonly remove = this.counted(nodeFiles.remove);
  readonly free = this.counted(async () => this.freeBytes);
  readonly truncate = this.counted(async (path: string, size: number) => {
    await this.onTruncate();
    await nodeFiles.truncate(path, size);
  });
  readonly append = this.counted(async (path: string, create: boolean) => {
    if (create) await this.onCreate();
    return this.faulty(await nodeFiles.append(path, create));
  });
  private underWay = 0;
  private done = 0;
  /** Runs before an append; what it rejects with is the fault. */
  onAppend: () => Promise<void> = async () => undefined;
  onSync: () => Promise<void> = async () => undefined;
  onTruncate: () => Promise<void> = async () => undefined;
  onCreate: () => Promise<void> = async () => undefined;

  /** Resolves when something was done since the call and nothing follows it. */
  async settled(): Promise<void> {
    const before = this.done;
    for (let quiet = 0; quiet < 5; quiet = this.underWay === 0 && this.done > before ? quiet + 1 : 0) {
      await until(() => this.underWay === 0 && this.done > before);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private faulty(file: AppendFile): AppendFile {
    return {
      append: this.counted(async (bytes: Buffer) => {
        this.appends++;
        await this.onAppend().catch(async (error: Error) => {
          await file.append(bytes.subarray(0, this.appendsBefore));
          throw error;
        });
        await file.append(bytes);
      }),
      sync: this.counted(async () => {
        this.syncs++;
        await this.onSync();
        await file.sync();
      }),
      size: this.counted(() => file.size()),
      close: this.counted(() => file.close()),
    };
  }

  private counted<Args extends unknown[], T>(step: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
    return async (...args) => {
      this.underWay++;
      try {
        return await step(...args);
      } finally {
        this.underWay--;
        this.done++;
      }
    };
  }
}

/** A log with one record, on a disk and with timers that the test rules. */
export async function runningLog(at: string, limits: Partial<AuditLimits> = {}) {
  const files = new FaultyFiles();
  const timers = new HandTimers();
  let now = 0;
  const log = await openLog(at, { files, after: timers.after, limits, monotonic: () => now });
  await log.write(decision({ reason: 'before' }));
  const fire = async (ms: number): Promise<void> => {
    const settled = files.settled();
    timers.fire(ms);
    await settled;
  };
  return {
    at, files, timers, log, probe: () => fire(AUDIT_LIMITS.probeMs), look: () => fire(AUDIT_LIMITS.inspectMs), pass: (ms: number) => now += ms,
  };
}

/** Timers that a test runs by hand. */
export class HandTimers {
  private readonly due: { ms: number; run: () => void }[] = [];

  readonly after: After = (ms, run) => {
    const entry = { ms, run };
    this.due.push(entry);
    return () => {
      const index = this.due.indexOf(entry);
      if (index >= 0) this.due.splice(index, 1);
    };
  };

  /** Delays of what is set, shortest first. */
  get delays(): number[] {
    return this.due.map(({ ms }) => ms).sort((a, b) => a - b);
  }

  /** Runs the timers that are set with this delay. */
  fire(ms: number): void {
    for (const entry of this.due.filter((one) => one.ms === ms)) {
      this.due.splice(this.due.indexOf(entry), 1);
      entry.run();
    }
  }
}

/** Resolves when a condition holds; the event loop turns meanwhile. */
export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited for 30 s in vain');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A promise that the test settles. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void; readonly fail: (error: Error) => void } {
  let open = (): void => undefined;
  let fail = (_error: Error): void => undefined;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}
