import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A packed package. */
export interface Tarball {
  /** Folder of the file; whoever packs removes it. */
  readonly folder: string;
  readonly file: string;
  readonly paths: readonly string[];
}

/** Packs what `files` in package.json names, as `npm publish` would. */
export function pack(): Tarball {
  const folder = mkdtempSync(join(tmpdir(), 'tarball-'));
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ filename, files }] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  return { folder, file: join(folder, filename), paths: files.map(({ path }) => path).sort() };
}
