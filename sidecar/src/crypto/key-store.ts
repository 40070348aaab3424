import { createSecretKey, KeyObject, randomBytes } from 'node:crypto';

/** Bytes of a key, for A256GCM and HMAC-SHA-256 alike. */
export const KEY_BYTES = 32;

/** One key. A KeyObject shows its bytes neither to `console.log` nor to `JSON.stringify`. */
export interface Key {
  readonly kid: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly secret: KeyObject;
}

/** What a keyring is made of. */
export interface KeySet {
  /** Makes lease ids. Never rotated: with another one, revocations would name leases that nobody has. */
  readonly id?: Key;
  readonly seals: readonly Key[];
}

/** Where keys are kept. */
export interface KeyStore {
  /** False when another part makes the keys and this one only reads them. */
  readonly owned: boolean;
  /** Throws when a key cannot be trusted; the message names the place, never the content. */
  load(): KeySet;
  /** Keeps the id key, unless there is one: then that one stays. */
  createId(key: Key): void;
  /** Keeps the sealing key, unless another process kept one since the last `load`: then that one stays. */
  createSeal(key: Key): void;
  remove(key: Key): void;
}

export function newKey(now: number): Key {
  return { kid: randomBytes(8).toString('hex'), created: now, secret: createSecretKey(randomBytes(KEY_BYTES)) };
}

/** Keys that end with the process. */
export class MemoryKeyStore implements KeyStore {
  public readonly owned = true;
  private id?: Key;
  private seals: readonly Key[] = [];

  load(): KeySet {
    return { id: this.id, seals: this.seals };
  }

  createId(key: Key): void {
    this.id ??= key;
  }

  createSeal(key: Key): void {
    this.seals = [...this.seals, key];
  }

  remove(key: Key): void {
    this.seals = this.seals.filter(({ kid }) => kid !== key.kid);
  }
}
