import { closeSync, constants, fsync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { FOLDER_MODE, MAX_PATH_BYTES } from '../../../../src/protocol/session-work';
import type { Beneath } from '../beneath';
import { Directory, FOLDER } from '../directory';
import { errnoError } from '../errno-error';
import { componentsOf } from '../workspace-path';

/** A name in a folder, which is open and to be closed. */
export interface Place {
  readonly folder: Directory;
  readonly name: string;
  /** The whole, below the workspace. */
  readonly path: string;
}

/** The parts of a path, of which the system could take each. */
export function namesOf(path: string): readonly string[] {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw errnoError('ENAMETOOLONG', path.slice(0, MAX_PATH_BYTES / 16));
  return componentsOf(path);
}

/** Where a path is; `missing: 'make'` makes the folders above it. The workspace itself is in no folder: EISDIR. */
export async function placeOf(beneath: Beneath, path: string, missing: 'make' | 'fail'): Promise<Place> {
  const names = namesOf(path);
  const name = names.at(-1);
  if (name === undefined) throw errnoError('EISDIR', path);
  const above = names.slice(0, -1);
  const folder = missing === 'make' ? await madeDirectory(beneath, above) : await opened(beneath, above);
  return { folder, name, path: names.join('/') };
}

/** Opens a folder, and makes it and those above as far as they are missing. A link that leads nowhere is ENOTDIR. */
export async function madeDirectory(beneath: Beneath, names: readonly string[]): Promise<Directory> {
  const { folder, known } = await deepest(beneath, names);
  let here = folder;
  try {
    for (const name of names.slice(known)) {
      makeUnlessThere(here, name);
      const below = here.directory(name);
      await syncFolder(here);
      here.close();
      here = below;
    }
    return here;
  } catch (error) {
    here.close();
    throw error;
  }
}

/** The folder that is there and has the most names in common. */
async function deepest(beneath: Beneath, names: readonly string[]): Promise<{ readonly folder: Directory; readonly known: number }> {
  for (let known = names.length; ; known -= 1) {
    try {
      return { folder: await opened(beneath, names.slice(0, known)), known };
    } catch (error) {
      if (known === 0 || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** The workspace itself is open already: nobody need be asked for it. */
async function opened(beneath: Beneath, names: readonly string[]): Promise<Directory> {
  return names.length === 0 ? new Directory(openSync(`${beneath.root.path}/.`, FOLDER)) : beneath.directory(names.join('/'));
}

function makeUnlessThere(folder: Directory, name: string): void {
  try {
    folder.makeDirectory(name, FOLDER_MODE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

const syncing = promisify(fsync);

/** As `Directory.sync`, without holding up others while the disk works. */
export async function syncFolder(folder: Directory): Promise<void> {
  const fd = openSync(`${folder.path}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await syncing(fd);
  } finally {
    closeSync(fd);
  }
}
