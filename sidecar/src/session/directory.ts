import {
  closeSync, constants, Dirent, fsyncSync, lstatSync, mkdirSync, openSync, renameSync, rmdirSync, Stats, unlinkSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { errnoError } from './errno-error';

/** A file that is found but not opened for reading or writing; Node has no name for it. Same number on x86-64 and arm64. */
export const O_PATH = 0o10000000;

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** To open a folder only to find what is in it. */
export const FOLDER = O_PATH | O_DIRECTORY;

/** To open a file to read. Does not wait for the writer of a named pipe, which some other command may have put there. */
export const READ = O_RDONLY | O_NONBLOCK | O_NOCTTY;

/**
 * A folder that is open. It stays this folder when its path is renamed or replaced, and what is below is reached by
 * single names, of which none is followed when it is a link. So nothing that others do meanwhile leads elsewhere.
 *
 * Methods throw the errors of the system calls. A name that is empty, `.`, `..`, or holds `/` or a zero byte is EINVAL.
 */
export class Directory {
  constructor(readonly fd: number) {}

  /** Where a child process finds it, as its working directory. */
  get path(): string {
    return `/proc/self/fd/${this.fd}`;
  }

  /** Opens a folder below. A link is ENOTDIR. */
  directory(name: string): Directory {
    return new Directory(openSync(this.at(name), FOLDER | O_NOFOLLOW));
  }

  /**
   * Makes a file to write, and answers its number. What is there already, even a dangling link, is EEXIST.
   *
   * There is no way to write into a file that is there: it may have other names. Make a new one and rename it.
   */
  create(name: string, mode: number): number {
    return openSync(this.at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY, mode);
  }

  /** What the name is; of a link, the link itself. */
  lstat(name: string): Stats {
    return lstatSync(this.at(name));
  }

  /** Makes a folder. */
  makeDirectory(name: string, mode: number): void {
    mkdirSync(this.at(name), mode);
  }

  /** Gives a new name, also in another folder; a file or link of that name is replaced in one step. */
  rename(name: string, to: Directory, newName: string): void {
    renameSync(this.at(name), to.at(newName));
  }

  /** Removes a file, or a link and not what it leads to. */
  removeFile(name: string): void {
    unlinkSync(this.at(name));
  }

  /** Removes an empty folder. */
  removeDirectory(name: string): void {
    rmdirSync(this.at(name));
  }

  /** What is in it, in no order. */
  entries(): Promise<Dirent[]> {
    return readdir(`${this.path}/.`, { withFileTypes: true });
  }

  /** Returns when new, renamed and removed names survive a power cut. */
  sync(): void {
    const fd = openSync(`${this.path}/.`, O_RDONLY | O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private at(name: string): string {
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) throw errnoError('EINVAL', name);
    return `${this.path}/${name}`;
  }
}
