import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../../../../../sidecar/src/broker/catalog/catalog';
import { DirectoryCatalogOptions, openDirectoryCatalog } from '../../../../../sidecar/src/broker/catalog/directory/catalog-directory';
import { tempFolder } from '../../../../helpers/temp-folder';

/** Folders of documents and catalogs over them, which are closed after each test. */
export function catalogFolders() {
  const root = tempFolder();
  const open: Catalog[] = [];
  let count = 0;
  afterEach(async () => {
    for (const catalog of open.splice(0)) await catalog.close();
  });

  return {
    root,
    folder: (files: Readonly<Record<string, string>> = {}): string => {
      const dir = join(root, `catalog-${count += 1}`);
      mkdirSync(dir);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
      return dir;
    },
    catalogOf: async (dir: string, options: Partial<DirectoryCatalogOptions> = {}) => {
      const problems: string[] = [];
      const catalog = await openDirectoryCatalog({ dir, refused: (problem) => problems.push(problem), ...options });
      open.push(catalog);
      return { catalog, problems };
    },
  };
}
