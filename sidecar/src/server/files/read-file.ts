import { promises as fs, readFileSync, statSync } from 'node:fs';
import { InputError } from './input-error';

/** What tells one version of a file from the next, also when it is replaced by a link or keeps its length. */
export async function fileStamp(path: string): Promise<string> {
  return stampOf(path, await fs.stat(path, { bigint: true }));
}

/** The same at once, undefined when there is no such file. For each request: a look costs a tenth of what a trip to a thread for it does. */
export function fileStampNow(path: string): string | undefined {
  try {
    return stampOf(path, statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

/** The text of a file of bounded size. */
export async function readText(path: string, maxBytes: number): Promise<string> {
  const handle = await fs.open(path, 'r');
  try {
    // One byte more than allowed shows a file that is too long or still grows.
    const buffer = Buffer.alloc(Math.min(Number((await handle.stat()).size), maxBytes) + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      ({ bytesRead: read } = await handle.read(buffer, length, buffer.length - length));
    }
    if (length > maxBytes) throw new InputError(`${path}: is larger than ${maxBytes} bytes`);
    return utf8(buffer.subarray(0, length), path);
  } finally {
    await handle.close();
  }
}

function utf8(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${path}: is not UTF-8`);
  }
}

/** Of a file as it was looked at. */
export function stampOf(path: string, stat: { ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): string {
  return `${path} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

/** The text of a short file as it is now, without the blanks around it; undefined while there is none. */
export function textNow(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
