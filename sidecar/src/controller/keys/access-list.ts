import { createHash } from 'node:crypto';
import { STORE_USER } from '../../../../src/protocol/objects';
import { STORE_RIGHTS } from '../../../../src/protocol/session-record';

/**
 * Nobody can log in as the default user. But as this user the server replays its log when it starts, and leaves out what
 * the user may not do: https://github.com/valkey-io/valkey/issues/3983
 */
const REPLAY_RIGHTS = [...STORE_RIGHTS.filter((right) => right.startsWith('~')), '+@write', '+select'];

/**
 * The access list of a store of the platform: one user, whose password only its hash tells. Logging in needs no right.
 * https://valkey.io/topics/acl/#use-an-external-acl-file
 */
export function accessList(password: string): string {
  return `user default off ${REPLAY_RIGHTS.join(' ')}\n${user(password)}${STORE_RIGHTS.join(' ')}\n`;
}

/** Whether it is of the same password and nobody else's, perhaps with the rights of another version. */
export function isAccessListOf(password: string, text: string): boolean {
  const [first, second = '', ...rest] = text.split('\n');
  return NOBODY.test(first) && second.startsWith(user(password)) && RIGHTS.test(second.slice(user(password).length)) && rest.join() === '';
}

const NOBODY = /^user default off( [~+][^\s]+)*$/;

/** Keys and commands alone. */
const RIGHTS = /^[~+][^\s]+( [~+][^\s]+)*$/;

function user(password: string): string {
  return `user ${STORE_USER} on #${createHash('sha256').update(password).digest('hex')} `;
}
