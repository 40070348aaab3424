import { createHash } from 'node:crypto';

/**
 * Namespace of the UIDs that runs from files get, made once and never changed: another one would make
 * every bearer issued before foreign to its run.
 */
const RUN_UID_NAMESPACE = Buffer.from('6f3a2e0c5d1b4c7e9a48b0c2d4e6f813', 'hex');

/** The UID of a run that has none: a UUIDv5 of `<namespace>/<name>`. https://www.rfc-editor.org/rfc/rfc9562#section-5.5 */
export function runUid(namespace: string, name: string): string {
  return uuidV5(RUN_UID_NAMESPACE, `${namespace}/${name}`);
}

/** The UUIDv5 of a name in a namespace. */
export function uuidV5(namespace: Buffer, name: string): string {
  const hex = createHash('sha1').update(namespace).update(name, 'utf8').digest('hex');
  // Of the first 16 bytes, four bits say the version and two the variant.
  const variant = '89ab'[parseInt(hex[16], 16) % 4];
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
