import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createFile } from './durable-file';
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
    this.owned = !existsSync(join(dir, '..data'));
    this.groupIsOurs = !this.owned || hasAny(statSync(dir).mode, SET_GROUP_ID);
    if (this.owned) checkFolder(dir);
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
    createFile(this.dir, ID_FILE, renderKey(key));
  }

  createSeal(key: Key): void {
    createFile(this.dir, sealFile(this.last + 1), renderKey(key));
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
}

/** Whoever may add a file to a folder of keys may add a key, and sign or seal with it. A mounted Secret cannot be added to. */
export function checkFolder(dir: string): void {
  const { mode } = statSync(dir);
  const isOpen = hasAny(mode, WRITE_BY_EVERYBODY) || (!hasAny(mode, SET_GROUP_ID) && hasAny(mode, WRITE_BY_GROUP));
  if (isOpen) throw new KeyFileError(dir, `is a folder of mode ${octal(mode)}: others may add keys`);
}
