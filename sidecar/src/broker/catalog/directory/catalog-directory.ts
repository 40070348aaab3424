import { DirectorySnapshot, snapshotOf } from './directory-snapshot';
import { FolderListing, listFolder, MAX_FILE_BYTES, MAX_TOTAL_BYTES } from './folder';
import { InputError } from '../../../server/files/input-error';
import { fileStampNow, readText } from '../../../server/files/read-file';
import { openReloaded } from '../../../server/files/reloaded';
import type { Catalog } from '../catalog';
import { checkedObject, CheckedObject } from '../object-check';
import { strictDocuments } from '../strict-documents';

export interface DirectoryCatalogOptions {
  /** The folder; folders in it are read as well, so that a ConfigMap and a Secret can be mounted side by side. */
  readonly dir: string;
  /** Told why changed files are not used; the state from before them stays. */
  readonly refused: (problem: string) => void;
  /** Told what was read, each time. */
  readonly read?: (what: CatalogContent) => void;
  readonly pollMilliseconds?: number;
}

/** What tells an operator whether the folder is the right one. */
export interface CatalogContent {
  readonly files: number;
  readonly objects: number;
  /** Files that were passed over because they end in neither .yaml, .yml nor .json; the first few. */
  readonly passedOver: readonly string[];
}

const MAX_SHOWN = 5;

/** Most objects of a catalog. */
const MAX_OBJECTS = 10_000;

interface Loaded {
  readonly snapshot: DirectorySnapshot;
  /** File to its stamp when it was read. */
  readonly stamps: ReadonlyMap<string, string>;
}

/**
 * A catalog in files: the six kinds and Secrets as YAML or JSON. Follows changes; a file with a mistake
 * leaves the whole state as it was, and stops the start when it is there from the beginning.
 */
export async function openDirectoryCatalog({ dir, refused, read, pollMilliseconds }: DirectoryCatalogOptions): Promise<Catalog> {
  const state = await openReloaded<Loaded>({
    stamp: async () => (await listFolder(dir)).stamp,
    load: async () => load(await listFolder(dir), read),
    folders: async () => (await listFolder(dir)).folders,
    refused,
  }, pollMilliseconds);

  return {
    snapshot: () => state.current().snapshot,
    secret: async (namespace, name, key) => {
      const known = state.current().snapshot.secret(namespace, name);
      // Events come a moment late; the file itself says now whether the value is still the one that was read.
      if (known === undefined || fileStampNow(known.file) !== state.current().stamps.get(known.file)) await state.refresh();
      return state.current().snapshot.secret(namespace, name)?.data.get(key);
    },
    unready: () => undefined,
    close: async () => state.close(),
  };
}

async function load({ files, passedOver }: FolderListing, read: DirectoryCatalogOptions['read']): Promise<Loaded> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > MAX_TOTAL_BYTES) throw new InputError(`the catalog is larger than ${MAX_TOTAL_BYTES} bytes`);
  const objects: CheckedObject[] = [];
  for (const { path } of files) {
    // Each file is awaited, so that requests are answered in between.
    const documents = strictDocuments(await readText(path, MAX_FILE_BYTES), path, MAX_OBJECTS - objects.length);
    objects.push(...documents.map(checkedObject));
  }
  const snapshot = snapshotOf(objects);
  read?.({ files: files.length, objects: objects.length, passedOver: passedOver.slice(0, MAX_SHOWN) });
  return { snapshot, stamps: new Map(files.map(({ path, stamp }) => [path, stamp])) };
}
