import { hash } from 'node:crypto';
import type { Keyring } from '../../crypto/keyring';
import { MAX_TOKEN_LENGTH, open, Opened } from '../../crypto/sealed-token';
import { ExpiringMap } from '../../server/bounds/lru';
import type { Clock } from '../../server/time/clock';

/** Opens a bearer, or tells why it does not open. */
export type OpenBearer = (token: string) => Promise<Opened>;

/** About 1 KiB each. */
const MAX_REMEMBERED = 8192;

/**
 * Opens each bearer once: decrypting costs more than the rest of a request. Remembered are hashes, so the
 * memory holds nothing to spend; failures are not, so guessing cannot push out what is in use.
 */
export function openedBearers(keyring: Keyring, clock: Clock, max = MAX_REMEMBERED): OpenBearer {
  const remembered = new ExpiringMap<string, Opened>({ max, clock });
  return async (token) => {
    if (token.length > MAX_TOKEN_LENGTH) return open(keyring, token);
    const name = hash('sha256', token, 'base64');
    const known = remembered.get(name);
    if (known !== undefined) return known;
    const opened = await openedNow(keyring, token);
    if (opened.failure === undefined) remembered.set(name, opened, opened.claims.notAfter);
    return opened;
  };
}

/** A key that this replica does not know may be a new one of another. */
async function openedNow(keyring: Keyring, token: string): Promise<Opened> {
  const opened = open(keyring, token);
  return opened.failure === 'UnknownKey' && await keyring.reread?.() === true ? open(keyring, token) : opened;
}
