import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { hasAny, octal, SET_GROUP_ID, WRITE_BY_EVERYBODY, WRITE_BY_GROUP } from './file-mode';
import { ID_FILE, KeyFileError, readKey, renderKey, SEAL_FILE, sealFile } from './key-file';
import type { Key, KeySet, KeyStore } from './key-store';

/**
 * Keys in a folder: `id.json` and `seal-1.json`, `seal-2.json`, ... A file appears whole or not at all and is
 * never written again.
 *
 * The folder of a mounted Secret has the same files and is only read; kubelet marks it by `..data`, and gives its
 * files to the group of the pod. The set-group-ID bit is another mark of kubelet: that of a volume with `fsGroup`.
 * https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#configure-volume-permission-and-ownership-change-policy-for-pods
 */
export class FileKeyStore implements KeyStore {
  public readonly owned: boolean;
  private readonly groupIsOurs: boolean;
  /** Number of the youngest sealing key seen. */
  private last = 0;
  private readonly files = new Map<string, string>();

  constructor(private readonly dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const { mode } = statSync(dir);
    this.owned = !existsSync(join(dir, '..data'));
    this.groupIsOurs = !this.owned || hasAny(mode, SET_GROUP_ID);
    // Whoever may add a file here may add a key, and seal bearers with it. A mounted Secret cannot be added to.
    const isOpen = hasAny(mode, WRITE_BY_EVERYBODY) || (!this.groupIsOurs && hasAny(mode, WRITE_BY_GROUP));
    if (this.owned && isOpen) throw new KeyFileError(dir, `is a folder of mode ${octal(mode)}: others may add keys`);
  }

  load(): KeySet {
    const names = readdirSync(this.dir).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
    const foreign = names.find((name) => name !== ID_FILE && !SEAL_FILE.test(name));
    if (foreign !== undefined) throw new KeyFileError(join(this.dir, foreign), `is neither ${ID_FILE} nor seal-<number>.json`);
    const numbers = names.flatMap((name) => SEAL_FILE.exec(name)?.slice(1).map(Number) ?? []).sort((a, b) => a - b);
    this.last = numbers.at(-1) ?? this.last;
    return {
      id: names.includes(ID_FILE) ? this.read(ID_FILE) : undefined,
      seals: numbers.map((number) => this.read(sealFile(number))),
    };
  }

  createId(key: Key): void {
    this.create(ID_FILE, key);
  }

  createSeal(key: Key): void {
    this.create(sealFile(this.last + 1), key);
  }

  remove({ kid }: Key): void {
    const file = this.files.get(kid);
    if (file !== undefined) rmSync(file, { force: true });
  }

  private read(name: string): Key {
    const file = join(this.dir, name);
    const key = readKey(file, this.groupIsOurs);
    const other = this.files.get(key.kid);
    if (other !== undefined && other !== file) throw new KeyFileError(file, `has the kid of ${other}`);
    this.files.set(key.kid, file);
    return key;
  }

  /**
   * Writes beside the name, then links: unlike a rename, a link never replaces a file, so of two processes one wins
   * and both read the winner's key. https://man7.org/linux/man-pages/man2/link.2.html
   */
  private create(name: string, key: Key): void {
    const draft = join(this.dir, `.${name}.${randomBytes(6).toString('hex')}`);
    try {
      writeDurably(draft, renderKey(key));
      linkSync(draft, join(this.dir, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    syncFolder(this.dir);
  }
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
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
