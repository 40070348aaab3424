import { closeSync, fchmodSync, fstatSync, fsync, Stats, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { syncFolder } from './folders';
import type { TemporaryNames } from './temporary-names';
import type { Directory } from '../directory';
import { errnoError } from '../errno-error';

const [writing, syncing] = [promisify(write), promisify(fsync)];

/** So much of a file is written at once: it costs less than to have it done, and others hardly wait. */
const SMALL = 256 * 1024;

const PERMISSIONS = 0o777;

/** A file that nobody sees under its name before it is whole and on the disk. */
export class NewFile {
  /** Makes the file in the folder, under a temporary name. */
  static create(folder: Directory, names: TemporaryNames): NewFile {
    const name = names.next();
    return new NewFile(folder, name, folder.create(name, PERMISSIONS));
  }

  /** What the umask leaves of permissions. */
  private readonly allowed: number;
  private written = 0;
  private open = true;
  private named = false;

  private constructor(private readonly folder: Directory, private readonly name: string, private readonly fd: number) {
    this.allowed = fstatSync(fd).mode & PERMISSIONS;
    fchmodSync(fd, 0o600);
  }

  /** Writes what comes, and stops with EFBIG when it is more than the limit. */
  async fill(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, limit: number): Promise<void> {
    for await (const bytes of source) {
      if (this.written + bytes.length > limit) throw errnoError('EFBIG', this.name);
      for (let at = 0; at < bytes.length;) at += await this.write(bytes.subarray(at));
    }
  }

  /**
   * Gives the file its name in a folder. A file of that name is replaced and hands on its permissions; of a link, the
   * link itself is replaced. After an error all is as before, and the file is to be discarded.
   */
  async commit(folder: Directory, name: string, mode: number): Promise<Stats> {
    await syncing(this.fd);
    const before = statsOf(folder, name);
    if (before?.isDirectory() === true) throw errnoError('EISDIR', name);
    fchmodSync(this.fd, before?.isFile() === true ? before.mode & PERMISSIONS : mode & this.allowed);
    this.folder.rename(this.name, folder, name);
    this.named = true;
    const stats = fstatSync(this.fd);
    this.close();
    await syncFolder(folder);
    return stats;
  }

  /** Removes it, unless it has its name. */
  discard(): void {
    this.close();
    if (this.named) return;
    try {
      this.folder.removeFile(this.name);
    } catch {
      // A command was faster.
    }
  }

  private close(): void {
    if (this.open) closeSync(this.fd);
    this.open = false;
  }

  private async write(bytes: Uint8Array): Promise<number> {
    const count = this.written < SMALL ? writeSync(this.fd, bytes, 0, Math.min(bytes.length, SMALL)) : (await writing(this.fd, bytes)).bytesWritten;
    this.written += count;
    return count;
  }
}

/** What a name is; undefined when nothing has it. */
export function statsOf(folder: Directory, name: string): Stats | undefined {
  try {
    return folder.lstat(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
