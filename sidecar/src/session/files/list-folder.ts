import { opendir } from 'node:fs/promises';
import { entryOf } from './file-entry';
import { statsOf } from './new-file';
import { Smallest } from './smallest';
import { FileEntry, FileList, MAX_DEPTH } from '../../../../src/protocol/session-work';
import type { Directory } from '../directory';

export interface Listing {
  readonly recursive: boolean;
  /** Most entries of the answer. */
  readonly limit: number;
  /** The last entry of the answer before. */
  readonly after?: string;
}

/**
 * What is in a folder, in the order of its names' bytes; with `recursive` also what is in the folders below, each behind
 * its folder. No link is followed. What comes and goes meanwhile may be in it or not.
 */
export async function listFolder(folder: Directory, { recursive, limit, after }: Listing): Promise<FileList> {
  const found: FileEntry[] = [];
  await collect({ found, recursive, limit: limit + 1 }, folder, '', after?.split('/') ?? []);
  if (found.length <= limit) return { files: found };
  const files = found.slice(0, limit);
  return { files, next: files.at(-1)!.name };
}

interface Collecting {
  readonly found: FileEntry[];
  readonly recursive: boolean;
  readonly limit: number;
}

async function collect(to: Collecting, folder: Directory, prefix: string, after: readonly string[]): Promise<void> {
  for (const name of await namesFrom(folder, after, to.limit - to.found.length)) {
    const stats = statsOf(folder, name);
    // Gone meanwhile.
    if (stats === undefined) continue;
    const isResumed = name === after[0];
    if (!isResumed) to.found.push(entryOf(prefix + name, stats));
    if (to.found.length >= to.limit) return;
    if (to.recursive && stats.isDirectory() && prefix.split('/').length <= MAX_DEPTH) {
      await inside(folder, name, (below) => collect(to, below, `${prefix}${name}/`, isResumed ? after.slice(1) : []));
    }
    if (to.found.length >= to.limit) return;
  }
}

/** The next names of a folder; the one that the last answer ended in is among them, for what is below it. */
async function namesFrom(folder: Directory, [after]: readonly string[], count: number): Promise<readonly string[]> {
  const from = after === undefined ? undefined : Buffer.from(after);
  const smallest = new Smallest(count + 1);
  for await (const { name } of await opendir(`${folder.path}/.`)) {
    // So stands a byte in a name that is no UTF-8, which no request can name.
    if (name.includes('\ufffd') && statsOf(folder, name) === undefined) continue;
    if (from === undefined || Buffer.from(name).compare(from) >= 0) smallest.add(name);
  }
  return smallest.get();
}

/** Does something in a folder below, unless it has become something else. */
export async function inside(folder: Directory, name: string, work: (below: Directory) => Promise<void>): Promise<void> {
  let below: Directory;
  try {
    below = folder.directory(name);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
  try {
    await work(below);
  } finally {
    below.close();
  }
}
