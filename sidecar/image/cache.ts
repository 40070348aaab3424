import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Expected, matches, requireIntegrity } from './integrity';

/** A folder of downloads, named by their hashes. It lies outside the checkout, and everything works without it. */
export class DownloadCache {
  private writable = true;

  constructor(private readonly folder: string, private readonly warn: (message: string) => void) {}

  /** The bytes from the cache when they are the expected ones, which is checked at each use. */
  public get(expected: Expected): Buffer | undefined {
    const bytes = readIfThere(this.path(expected));
    return bytes !== undefined && matches(bytes, expected) ? bytes : undefined;
  }

  /**
   * Keeps a download and gives it back.
   *
   * @throws Error when the bytes are not the expected ones; then nothing is kept.
   */
  public put(expected: Expected, bytes: Buffer, what: string): Buffer {
    requireIntegrity(bytes, expected, what);
    if (!this.writable) return bytes;
    try {
      mkdirSync(this.folder, { recursive: true });
      // A name of our own first: another build may read at the same time.
      const own = `${this.path(expected)}.${process.pid}`;
      writeFileSync(own, bytes);
      renameSync(own, this.path(expected));
    } catch (error) {
      this.writable = false;
      this.warn(`downloads are not kept for the next build: ${(error as Error).message}`);
    }
    return bytes;
  }

  private path(expected: Expected): string {
    return join(this.folder, expected.replace(/[^A-Za-z0-9]/g, '_'));
  }
}

/** The folder for downloads by the rules of the XDG base directories. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const home = env.XDG_CACHE_HOME;
  return join(home === undefined || home === '' ? join(homedir(), '.cache') : home, 'cdk8s-agent-platform', 'downloads');
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
