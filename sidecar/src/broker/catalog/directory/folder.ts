import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../server/files/input-error';
import { stampOf } from '../../../server/files/read-file';

/** Bounds of what is read; a Kubernetes object is at most 1.5 MiB, a ConfigMap or Secret 1 MiB. */
export const MAX_FILES = 1000;
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
export const MAX_TOTAL_BYTES = 16 * 1024 * 1024;
const MAX_FOLDERS = 32;

const DOCUMENT_FILE = /\.(ya?ml|json)$/;

/** A file as it was listed. `stamp` changes when the file does. */
export interface ListedFile {
  readonly path: string;
  readonly size: number;
  readonly stamp: string;
}

export interface FolderListing {
  /** The folder and those in it. */
  readonly folders: readonly string[];
  readonly files: readonly ListedFile[];
  /** Names of files that are no documents, by their ending. */
  readonly passedOver: readonly string[];
  /** Changes when any file does. */
  readonly stamp: string;
}

/**
 * The YAML and JSON files of a folder and of the folders in it, by name. Names that begin with a dot are
 * passed over: a mounted ConfigMap or Secret keeps its versions there and shows links to the current one.
 */
export async function listFolder(root: string): Promise<FolderListing> {
  const folders: string[] = [root];
  const files: ListedFile[] = [];
  const passedOver: string[] = [];
  for (let next = 0; next < folders.length; next += 1) {
    const folder = folders[next];
    for (const name of (await fs.readdir(folder)).filter((entry) => !entry.startsWith('.')).sort()) {
      const path = join(folder, name);
      const stat = await statOf(path);
      // Gone since it was listed, or a link to nowhere: it is not there.
      if (stat === undefined) continue;
      if (stat.isDirectory() && folder === root) folders.push(path);
      if (!stat.isFile()) continue;
      if (DOCUMENT_FILE.test(name)) files.push({ path, size: Number(stat.size), stamp: stampOf(path, stat) });
      else passedOver.push(path);
    }
    if (folders.length > MAX_FOLDERS) throw new InputError(`${root}: has more than ${MAX_FOLDERS} folders`);
    if (files.length > MAX_FILES) throw new InputError(`${root}: has more than ${MAX_FILES} files`);
  }
  return { folders, files, passedOver, stamp: files.map(({ stamp }) => stamp).join('\n') };
}

async function statOf(path: string) {
  return fs.stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
