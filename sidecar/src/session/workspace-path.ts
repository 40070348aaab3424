/** Why a path is not served. */
export type PathRefusal =
  /** It leads out of the folder: by `..`, by a link, or by what others do while it is resolved. */
  | 'outside'
  /** It is a file with several names, of which one may be outside. */
  | 'linked'
  /** It is neither a file nor a folder, as a named pipe or a device. */
  | 'not-a-file';

const TEXTS: Readonly<Record<PathRefusal, string>> = {
  'outside': 'leads out of the workspace',
  'linked': 'has another name, which may be outside of the workspace',
  'not-a-file': 'is not a plain file',
};

/** A path that is not served. */
export class PathRefused extends Error {
  constructor(readonly reason: PathRefusal, path: string) {
    super(`${JSON.stringify(path)} ${TEXTS[reason]}`);
    this.name = 'PathRefused';
  }
}

/**
 * The names that a path of a client consists of, below the workspace. A leading `/` stands for the workspace. `.` and
 * `..` are resolved by text alone, as before any link, so `a/../b` is `b` whatever `a` is.
 *
 * @throws PathRefused `outside` when there are more `..` than names before, or a zero byte.
 */
export function componentsOf(path: string): readonly string[] {
  if (path.includes('\0')) throw new PathRefused('outside', path);
  const names: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') names.push(part);
    else if (names.pop() === undefined) throw new PathRefused('outside', path);
  }
  return names;
}
