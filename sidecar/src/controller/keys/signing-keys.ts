import { newSigningKey, parseSigningKey, renderSigningKey, SigningKey } from './signing-key';
import { CLOCK_LEEWAY_SECONDS, INIT_TOKEN_SECONDS } from '../../../../src/protocol/session-api';
import { ROTATE_AFTER } from '../../crypto/key-schedule';
import type { Entries } from '../../crypto/secret-keyring';
import { KeyKind, SharedKeys, SharedKeysOptions } from '../../crypto/shared-keys';

/**
 * Milliseconds after which a new key signs. Clocks of two replicas may differ by ten minutes; what is left is for
 * publishing, and for the kubelet, which brings a changed ConfigMap within two.
 */
export const SIGNS_AFTER = 15 * 60 * 1000;

const SIGNING_KEYS: KeyKind<SigningKey> = {
  called: 'bootstrap keys',
  stem: 'sign',
  signsAfter: SIGNS_AFTER,
  rotateAfter: ROTATE_AFTER,
  longestUse: (INIT_TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS) * 1000,
  mayStay: (name) => !name.endsWith('.pem'),
  make: newSigningKey,
  render: renderSigningKey,
  parse: parseSigningKey,
};

/** The keys that sign init tokens, each for thirty days. */
export type SigningKeys<C extends { readonly entries: Entries }> = SharedKeys<SigningKey, C>;

export function openSigningKeys<C extends { readonly entries: Entries }>(options: SharedKeysOptions<C>): Promise<SigningKeys<C>> {
  return SharedKeys.open(SIGNING_KEYS, options);
}
