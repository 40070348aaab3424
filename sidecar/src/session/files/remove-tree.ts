import { opendir } from 'node:fs/promises';
import { inside } from './list-folder';
import { statsOf } from './new-file';
import type { TemporaryNames } from './temporary-names';
import { MAX_DEPTH } from '../../../../src/protocol/session-work';
import type { Directory } from '../directory';
import { errnoError } from '../errno-error';

/** Removes a file, a link, or a folder; what is in a folder only with `recursive`. No link is followed. */
export async function remove(folder: Directory, name: string, recursive: boolean): Promise<void> {
  if (!folder.lstat(name).isDirectory()) return folder.removeFile(name);
  if (recursive) await inside(folder, name, (below) => empty(below, 1));
  folder.removeDirectory(name);
}

async function empty(folder: Directory, depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw errnoError('ENAMETOOLONG', `a folder ${depth} levels down`);
  for await (const { name } of await opendir(`${folder.path}/.`)) {
    const stats = statsOf(folder, name);
    if (stats === undefined) continue;
    if (stats.isDirectory()) await inside(folder, name, (below) => empty(below, depth + 1));
    if (stats.isDirectory()) folder.removeDirectory(name);
    else folder.removeFile(name);
  }
}

/** Removes the files that an earlier run of the daemon was writing when it ended, and answers how many. */
export async function removeAbandoned(folder: Directory, names: TemporaryNames, depth = 0): Promise<number> {
  let removed = 0;
  for await (const { name } of await opendir(`${folder.path}/.`)) {
    const stats = statsOf(folder, name);
    if (stats?.isDirectory() === true && depth < MAX_DEPTH) {
      await inside(folder, name, async (below) => {
        removed += await removeAbandoned(below, names, depth + 1);
      });
    } else if (stats?.isFile() === true && names.isAbandoned(name)) {
      folder.removeFile(name);
      removed += 1;
    }
  }
  return removed;
}
