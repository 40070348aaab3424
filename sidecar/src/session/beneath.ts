import { closeSync, fstatSync, openSync, readFileSync, Stats } from 'node:fs';
import { Directory, FOLDER, READ } from './directory';
import type { Resolver } from './resolver';
import { Walk } from './walk';
import { componentsOf, PathRefused } from './workspace-path';

/** A file that is open to read. */
export interface OpenFile {
  /** To be closed by who asked for it. */
  readonly fd: number;
  readonly stats: Stats;
}

/**
 * Finds what paths of clients lead to. Links are followed as long as they stay beneath the root; a link that is
 * absolute or leaves it, and a path that is moved out while it is resolved, are refused.
 */
export interface Beneath {
  /** `openat2`: the kernel, through the helper. `walk`: one folder after the other. */
  readonly means: Resolver['means'];
  readonly root: Directory;
  /**
   * Opens a folder.
   *
   * @throws PathRefused, or NodeJS.ErrnoException as ENOENT, ENOTDIR, EACCES, ELOOP
   */
  directory(path: string): Promise<Directory>;
  /**
   * Opens a plain file to read, which may end in a link. A file with several names is refused, unless the root is a
   * mount of its own: no name of a file can be in another mount.
   *
   * @throws PathRefused, or NodeJS.ErrnoException as ENOENT, EACCES, ELOOP
   */
  file(path: string): Promise<OpenFile>;
  close(): void;
}

/**
 * Opens a folder, beneath which all else is found.
 *
 * @throws NodeJS.ErrnoException when the folder cannot be opened.
 */
export function openBeneath(folder: string, resolver: (root: Directory) => Resolver = (root) => new Walk(root)): Beneath {
  const root = new Directory(openSync(folder, FOLDER));
  return new ResolvedBeneath(root, resolver(root), isMount(root));
}

class ResolvedBeneath implements Beneath {
  constructor(readonly root: Directory, private readonly resolver: Resolver, private readonly ownMount: boolean) {}

  get means(): Resolver['means'] {
    return this.resolver.means;
  }

  async directory(path: string): Promise<Directory> {
    return new Directory(await this.open(path, FOLDER));
  }

  async file(path: string): Promise<OpenFile> {
    const fd = await this.open(path, READ);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) throw new PathRefused('not-a-file', path);
      if (stats.nlink > 1 && !this.ownMount) throw new PathRefused('linked', path);
      return { fd, stats };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  close(): void {
    this.root.close();
  }

  private async open(path: string, flags: number): Promise<number> {
    try {
      return await this.resolver.open(componentsOf(path), flags);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EXDEV') throw new PathRefused('outside', path);
      throw error;
    }
  }
}

/** Whether a folder is the root of a mount. Where that cannot be told, it is none. */
function isMount(folder: Directory): boolean {
  const parent = openSync(`${folder.path}/..`, FOLDER);
  try {
    const [mine, other] = [folder.fd, parent].map(mountOf);
    return mine !== undefined && other !== undefined && mine !== other;
  } finally {
    closeSync(parent);
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html */
function mountOf(fd: number): string | undefined {
  try {
    return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
