import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RuntimeFile, RuntimeList } from '../../../src/protocol/runtime';

/** What was done. */
export interface Installed {
  /** Files that were copied; the others were there already, whole. */
  readonly copied: number;
}

/**
 * Copies the files of a folder that the list names. A file has its name only when it is whole and as the list says, so
 * this can end at any moment and start again.
 *
 * @throws Error with the file that could not be copied, or is another than the list says.
 */
export async function installRuntime({ files }: RuntimeList, from: string, to: string): Promise<Installed> {
  let copied = 0;
  for (const file of files) {
    const target = join(to, file.path);
    try {
      if (await difference(target, file) === undefined) continue;
      await rm(target, { recursive: true, force: true });
      await copy(join(from, file.path), target, file);
      copied += 1;
    } catch (error) {
      throw new Error(`${file.path} was not copied to ${to}: ${(error as Error).message}`, { cause: error });
    }
  }
  return { copied };
}

async function copy(source: string, target: string, file: RuntimeFile): Promise<void> {
  const partial = `${target}.partial`;
  await mkdir(dirname(target), { recursive: true });
  await rm(partial, { recursive: true, force: true });
  await copyFile(source, partial);
  // Whatever user the pool has: it may read, and nobody may write.
  await chmod(partial, modeOf(file));
  const wrong = await difference(partial, file);
  if (wrong !== undefined) throw new Error(wrong);
  await flush(partial);
  await rename(partial, target);
}

/** A node that loses power must not come back with a file that has its name and not its content. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** In what a file is not as listed. */
async function difference(path: string, file: RuntimeFile): Promise<string | undefined> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return 'it is not there';
  if (!found.isFile()) return 'it is no plain file';
  if (found.size !== file.size) return `it has ${found.size} bytes instead of ${file.size}`;
  // The kubelet adds rights for the group of the volume when it mounts it again.
  if ((found.mode & modeOf(file)) !== modeOf(file)) return `it has the mode ${(found.mode & 0o777).toString(8)} instead of ${modeOf(file).toString(8)}`;
  return await hashOf(path) === file.sha256 ? undefined : 'its content is not as listed';
}

function modeOf({ executable }: RuntimeFile): number {
  return executable ? 0o555 : 0o444;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: CHUNK }), hash);
  return hash.digest('hex');
}

/** Bytes read at once. */
const CHUNK = 1024 * 1024;
