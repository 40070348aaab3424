import { createHash } from 'node:crypto';
import { STORE_USER } from '../../../../src/protocol/objects';
import { STORE_RIGHTS } from '../../../../src/protocol/session-record';

/**
 * The access list of a store of the platform: one user, whose password only its hash tells. Logging in needs no right.
 * https://valkey.io/topics/acl/#use-an-external-acl-file
 */
export function accessList(password: string): string {
  return `${beginning(password)}${STORE_RIGHTS.join(' ')}\n`;
}

/** Whether it is of the same password and nobody else's, perhaps with the rights of another version. */
export function isAccessListOf(password: string, text: string): boolean {
  const begin = beginning(password);
  return text.startsWith(begin) && RIGHTS.test(text.slice(begin.length));
}

/** Keys and commands alone, on one line. */
const RIGHTS = /^[~+][^\s]+( [~+][^\s]+)*\n$/;

function beginning(password: string): string {
  return `user default off\nuser ${STORE_USER} on #${createHash('sha256').update(password).digest('hex')} `;
}
