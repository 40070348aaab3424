import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createFile } from './durable-file';
import { checkFolder } from './file-key-store';
import { hasAny, SET_GROUP_ID } from './file-mode';
import { readPrivate } from './key-file';
import type { Entries, KeySecret } from './secret-keyring';

interface FolderContent {
  readonly entries: Entries;
}

/** A folder in the place of a Secret, for one machine. Its files are readable by their owner alone; drafts begin with a dot. */
export function folderEntries(dir: string): KeySecret<FolderContent> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  checkFolder(dir);
  // The mark of a volume whose group is the pod's own, to which the kubelet opens files.
  const groupIsOurs = hasAny(statSync(dir).mode, SET_GROUP_ID);
  return {
    async read() {
      const names = readdirSync(dir).filter((name) => !name.startsWith('.'));
      return { entries: new Map(names.map((name) => [name, Buffer.from(readPrivate(join(dir, name), groupIsOurs))])) };
    },
    /** Of two processes that make the same file one wins; files are never written again. */
    async replace({ entries: seen }, entries) {
      const added = [...entries].filter(([name]) => !seen.has(name));
      if (!added.every(([name, content]) => createFile(dir, name, content.toString('utf8')))) return false;
      for (const name of seen.keys()) if (!entries.has(name)) rmSync(join(dir, name), { force: true });
      return true;
    },
  };
}
