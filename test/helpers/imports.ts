import { dirname, join } from 'node:path';
import * as ts from 'typescript';
import { SourceFile } from './source-files';

/** Which files each file imports. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/**
 * What the files import of each other, types too.
 *
 * @throws Error when an import leads to none of them: nothing could be said of what is beyond.
 */
export function importsAmong(files: readonly SourceFile[]): Imports {
  const paths = new Set(files.map(({ path }) => path));
  return new Map(files.map(({ path, text }) => [path, ts.preProcessFile(text).importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.') && !/\.(json|mjs|cjs)$/.test(name))
    .map((name) => imported(path, name, paths))]));
}

function imported(path: string, name: string, paths: ReadonlySet<string>): string {
  // A module that is loaded while a server runs is named as Node finds it: `.js`.
  const target = join(dirname(path), name).replace(/\.js$/, '');
  const found = [`${target}.ts`, `${target}/index.ts`].find((candidate) => paths.has(candidate));
  if (found === undefined) throw new Error(`${path} imports ${name}, which is none of the files`);
  return found;
}

/** The circles of files that import each other, each once: for every file that is in one the shortest. A circle ends where it begins. */
export function circles(imports: Imports): string[][] {
  const found = new Map<string, string[]>();
  for (const file of imports.keys()) {
    const circle = wayBack(file, imports);
    const key = [...new Set(circle)].sort().join();
    if (circle !== undefined && !found.has(key)) found.set(key, circle);
  }
  return [...found.values()];
}

function wayBack(file: string, imports: Imports): string[] | undefined {
  const seen = new Set<string>();
  const ways = [[file]];
  // Grows while it is read: the short ways come first.
  for (const way of ways) {
    for (const next of imports.get(way.at(-1)!) ?? []) {
      if (next === file) return [...way, file];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
