import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of TypeScript, by its path from the root of the repository. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The files that people write in the folders, at any depth. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.includes('/node_modules/') && !path.includes('/out/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') })));
}

/** The files of all folders. */
export function allSourceFiles(): SourceFile[] {
  return sourceFiles('src', 'sidecar/src', 'sidecar/image', 'test', 'projenrc', 'examples', 'bench');
}
