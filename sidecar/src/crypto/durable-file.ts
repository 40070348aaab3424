import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Permissions of a file that only its owner reads, and of one that is for everybody. */
const PRIVATE = 0o600;
const PUBLIC = 0o644;

/**
 * Makes a file that only its owner reads; false when the name is taken. It writes beside the name, then links: unlike a
 * rename, a link never replaces a file, so of two processes one wins. https://man7.org/linux/man-pages/man2/link.2.html
 */
export function createFile(dir: string, name: string, text: string): boolean {
  return withDraft(dir, name, text, PRIVATE, (draft, file) => {
    try {
      linkSync(draft, file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return false;
    }
  });
}

/** Puts a file that everybody may read in the place of the one before, at once. */
export function replacePublicFile(dir: string, name: string, text: string): void {
  withDraft(dir, name, text, PUBLIC, renameSync);
}

/** Sees to it that the file has this text, and leaves it alone when it has. */
export function keepPublicFile(dir: string, name: string, text: string): void {
  if (contentOf(join(dir, name)) !== text) replacePublicFile(dir, name, text);
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function withDraft<T>(dir: string, name: string, text: string, mode: number, place: (draft: string, file: string) => T): T {
  const draft = join(dir, `.${name}.${randomBytes(6).toString('hex')}`);
  try {
    writeDurably(draft, text, mode);
    return place(draft, join(dir, name));
  } finally {
    rmSync(draft, { force: true });
    syncFolder(dir);
  }
}

function writeDurably(file: string, text: string, mode: number): void {
  const descriptor = openSync(file, 'wx', mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The name of a new file is durable only when its folder is. */
function syncFolder(dir: string): void {
  const descriptor = openSync(dir, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
