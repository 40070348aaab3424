import { constants } from 'node:fs';
import { FileHandle, mkdir, open, readdir, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, using } from '../../open-file';

/** A file that only grows. */
export interface AppendFile {
  /** Appends all of the bytes, or rejects and may have appended some. */
  append(bytes: Buffer): Promise<void>;
  /** Resolves when everything that was appended survives a power cut. */
  sync(): Promise<void>;
  /** Length of the file; undefined when its name leads to another file or nowhere. */
  size(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** What the log needs of a file system. An interface, so that a test can make any step fail or wait. */
export interface AuditFiles {
  /** Makes the folder if it is not there. */
  prepare(folder: string): Promise<void>;
  /** Names and lengths of the files in a folder. */
  list(folder: string): Promise<readonly { readonly name: string; readonly size: number }[]>;
  read(path: string, from: number, length: number): Promise<Buffer>;
  /** Opens a file to append to it; `create` makes it, and fails when it is there. The name is durable too. */
  append(path: string, create: boolean): Promise<AppendFile>;
  /** Cuts a file to a length, durably. */
  truncate(path: string, size: number): Promise<void>;
  /** Removes a file, durably. */
  remove(path: string): Promise<void>;
  /** Bytes of the volume that are left. */
  free(folder: string): Promise<number>;
}

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

// Each flag is a bit of its own, so their sum is all of them.
const READ = O_RDONLY + O_NOFOLLOW;
const WRITE = O_WRONLY + O_NOFOLLOW;
const APPEND = WRITE + O_APPEND;
const CREATE = APPEND + O_CREAT + O_EXCL;

/** The file system of the machine. Files are for the owner only, and no link is followed in place of one. */
export const nodeFiles: AuditFiles = {
  async prepare(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  },

  async list(folder) {
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return Promise.all(files.map(async ({ name }) => ({ name, size: (await stat(join(folder, name))).size })));
  },

  read(path, from, length) {
    return using(open(path, READ), async (file) => {
      const bytes = Buffer.alloc(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, from + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    });
  },

  async append(path, create) {
    const file = await open(path, create ? CREATE : APPEND, 0o600);
    try {
      if (create) await syncFolder(dirname(path));
      return appendFile(path, file);
    } catch (error) {
      await file.close();
      throw error;
    }
  },

  truncate(path, size) {
    return using(open(path, WRITE), async (file) => {
      await file.truncate(size);
      await file.sync();
    });
  },

  async remove(path) {
    await unlink(path);
    await syncFolder(dirname(path));
  },

  async free(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

function appendFile(path: string, file: FileHandle): AppendFile {
  return {
    append: (bytes) => file.writeFile(bytes),
    sync: () => file.datasync(),
    close: () => file.close(),
    async size() {
      const [opened, named] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
      return named?.ino === opened.ino && named.dev === opened.dev ? opened.size : undefined;
    },
  };
}
