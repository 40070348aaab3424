import { createSecretKey } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { EVERYBODY, GROUP, hasAny, octal } from './file-mode';
import { KEY_BYTES, Key } from './key-store';
import { fieldsOf } from '../server/text/fields';

/**
 * A key as a file: a JSON object of `kid` (16 hexadecimal digits), `created` (RFC 3339) and `key` (32 bytes as
 * base64url without padding, https://www.rfc-editor.org/rfc/rfc4648#section-5). Nothing else may be in it.
 */

/** Names of the files, and of the entries of a Secret that is mounted as such a folder. */
export const ID_FILE = 'id.json';
export const SEAL_FILE = /^seal-([1-9][0-9]{0,8})\.json$/;

export function sealFile(number: number): string {
  return `seal-${number}.json`;
}

/** Far longer than a key file is; what is longer is something else. */
const MAX_FILE_BYTES = 1024;

/** A file of the keyring that cannot be trusted. The text names the file and what is wrong, never what is in it. */
export class KeyFileError extends Error {
  constructor(readonly file: string, problem: string) {
    super(`key file ${file} ${problem}`);
    this.name = 'KeyFileError';
  }
}

export function renderKey({ kid, created, secret }: Key): string {
  return `${JSON.stringify({ kid, created: new Date(created).toISOString(), key: secret.export().toString('base64url') })}\n`;
}

/** The key of a file. Everybody's permissions must be off, and the group's as well unless the group is the pod's own. */
export function readKey(file: string, groupIsOurs: boolean): Key {
  return parseKey(file, readPrivate(file, groupIsOurs));
}

/** The text of a small file that others have no permissions for. */
export function readPrivate(file: string, groupIsOurs: boolean): string {
  const descriptor = openSync(file, 'r');
  try {
    // Asked of the open file: what is checked is what is read.
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new KeyFileError(file, 'is not a regular file');
    if (hasAny(stat.mode, EVERYBODY, groupIsOurs ? 0 : GROUP)) {
      throw new KeyFileError(file, `has mode ${octal(stat.mode)}: others may have read it; make a new keyring, or set the mode to 0600 if nobody has`);
    }
    const content = Buffer.alloc(MAX_FILE_BYTES + 1);
    const length = readSync(descriptor, content);
    if (length === 0) throw new KeyFileError(file, 'is empty');
    if (length > MAX_FILE_BYTES) throw new KeyFileError(file, `is longer than ${MAX_FILE_BYTES} bytes`);
    return content.toString('utf8', 0, length);
  } finally {
    closeSync(descriptor);
  }
}

/** The key of a file's text. */
export function parseKey(file: string, text: string): Key {
  const fields = fieldsOf(text);
  if (fields === undefined) throw new KeyFileError(file, 'is not a JSON object');
  if (Object.keys(fields).sort().join() !== 'created,key,kid') throw new KeyFileError(file, 'must have the fields kid, created and key, and no others');
  const { kid, created, key } = fields;
  if (typeof kid !== 'string' || !/^[0-9a-f]{16}$/.test(kid)) throw new KeyFileError(file, 'must have 16 hexadecimal digits as kid');
  const time = typeof created === 'string' ? Date.parse(created) : NaN;
  if (Number.isNaN(time)) throw new KeyFileError(file, 'must have an RFC 3339 time as created');
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== KEY_BYTES || bytes.toString('base64url') !== key) throw new KeyFileError(file, `must have ${KEY_BYTES} bytes as base64url as key`);
  return { kid, created: time, secret: createSecretKey(bytes) };
}
