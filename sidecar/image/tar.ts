/** A file or folder of an archive. A folder has no bytes. */
export interface Entry {
  /** Relative, with `/` between parts, without one at either end. */
  readonly path: string;
  readonly mode: number;
  readonly bytes?: Uint8Array;
}

const BLOCK = 512;
/** Room that the format has for a name without its extensions; nothing here needs more. */
const MAX_PATH = 100;

/**
 * Writes an archive that depends on its entries only: sorted, owned by root in numbers, all of one time.
 *
 * @param seconds Modification time of every entry, in seconds since 1970.
 * @throws Error on a path that another program could read differently, or that occurs twice.
 */
export function tar(entries: readonly Entry[], seconds: number): Buffer {
  const sorted = [...withParents(entries).values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const blocks = sorted.flatMap((entry) => [header(entry, seconds), entry.bytes ?? EMPTY, padding(entry.bytes?.length ?? 0)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** Folders that the entries lie in are made where they are not listed. */
function withParents(entries: readonly Entry[]): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const entry of entries) {
    requirePath(entry.path);
    if (found.has(entry.path)) throw new Error(`archive path '${entry.path}' occurs twice`);
    found.set(entry.path, entry);
  }
  for (const { path } of entries) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      if (found.get(parent)?.bytes !== undefined) throw new Error(`archive path '${parent}' is both a file and a folder`);
      if (!found.has(parent)) found.set(parent, { path: parent, mode: 0o755 });
    }
  }
  return found;
}

function requirePath(path: string): void {
  const parts = path.split('/');
  const plain = /^[\x21-\x7e]+$/.test(path) && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (!plain) throw new Error(`archive path '${path}' must be relative and plain ASCII, without empty, '.' and '..' parts`);
  if (path.length >= MAX_PATH) throw new Error(`archive path '${path}' must be shorter than ${MAX_PATH} characters`);
}

function header(entry: Entry, seconds: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) => block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  const folder = entry.bytes === undefined;
  block.write(folder ? `${entry.path}/` : entry.path, 0, 'latin1');
  octal(entry.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(entry.bytes?.length ?? 0, 124, 12);
  octal(seconds, 136, 12);
  block.write(folder ? '5' : '0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  // The sum counts its own field as blanks.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

const EMPTY = Buffer.alloc(0);

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
