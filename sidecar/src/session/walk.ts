import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { Directory, FOLDER } from './directory';
import { errnoError } from './errno-error';
import type { Resolver } from './resolver';

/** As many links as the kernel follows in one path. https://man7.org/linux/man-pages/man7/path_resolution.7.html */
const MAX_LINKS = 40;

/**
 * Finds files by opening one folder after the other, following no link on the way: a link is read, and its text is
 * walked in the same manner. `..` goes back to the folder that was opened before, never to what is its parent by now.
 */
export class Walk implements Resolver {
  readonly means = 'walk';

  constructor(private readonly root: Directory) {}

  async open(components: readonly string[], flags: number): Promise<number> {
    return this.walk(components, flags);
  }

  private walk(components: readonly string[], flags: number): number {
    const opened: number[] = [];
    const left = components.length === 0 ? ['.'] : [...components];
    let links = 0;
    try {
      for (;;) {
        const name = left.shift()!;
        const here = `/proc/self/fd/${opened.at(-1) ?? this.root.fd}`;
        const last = left.length === 0;
        if (name === '..') {
          const parent = opened.pop();
          if (parent === undefined) throw errnoError('EXDEV', components.join('/'));
          closeSync(parent);
          if (last) left.push('.');
          continue;
        }
        const found = openOrLink(`${here}/${name}`, last ? flags : FOLDER);
        if (typeof found === 'string') {
          links += 1;
          if (links > MAX_LINKS) throw errnoError('ELOOP', components.join('/'));
          if (found.startsWith('/')) throw errnoError('EXDEV', components.join('/'));
          left.unshift(...found.split('/').filter((part) => part !== ''));
        } else if (last) {
          return found;
        } else {
          opened.push(found);
        }
      }
    } finally {
      opened.forEach((fd) => closeSync(fd));
    }
  }
}

/**
 * Opens what is reached without any link, at the cost of one call for each name. Undefined where that does not lead on:
 * a link is on the way, or a file where a folder is needed.
 *
 * @throws NodeJS.ErrnoException as ENOENT, EACCES
 */
export function openWithoutLinks(root: Directory, components: readonly string[], flags: number): number | undefined {
  let here = root.fd;
  try {
    for (const [at, name] of components.entries()) {
      const below = openSync(`/proc/self/fd/${here}/${name}`, (at < components.length - 1 ? FOLDER : flags) | constants.O_NOFOLLOW);
      if (here !== root.fd) closeSync(here);
      here = below;
    }
    return here;
  } catch (error) {
    if (here !== root.fd) closeSync(here);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Opens a name that is no link, or answers the text of the link. */
function openOrLink(path: string, flags: number): number | string {
  try {
    // Without O_PATH alone, which would open the link itself.
    return openSync(path, flags | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const link = code === 'ELOOP' || code === 'ENOTDIR' ? readLink(path) : undefined;
    if (link === undefined) throw error;
    return link;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
