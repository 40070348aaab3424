import type { KeyObject } from 'node:crypto';
import { FileKeyStore } from './file-key-store';
import { isRenewalDue, isRotationDue, sealingKey, spentKeys } from './key-schedule';
import { Key, KeySet, KeyStore, MemoryKeyStore, newKey } from './key-store';

/** One key that seals, older and younger ones that only open, and one that makes lease ids. */
export interface Keyring {
  /** Never rotated. */
  readonly idKey: KeyObject;
  /** The key for one more seal. */
  sealing(): Key;
  /** The key of that name; undefined when there is none, or no longer. */
  opening(kid: string): Key | undefined;
  /**
   * For keys that are kept where looking takes time: looks whether another process has made one. False when it looked
   * a moment ago, or cannot.
   */
  reread?(): Promise<boolean>;
  /**
   * Why the keys cannot be renewed; undefined when all is well. Sealing and opening go on meanwhile. Readiness asks it each few
   * seconds, which keeps the keys current where nobody seals.
   */
  problem(): string | undefined;
}

/** Time between two looks for keys that another process has made, and between two tries to make one. */
const LOOK_AGAIN = 5000;

/**
 * The keyring of a folder, which is made when it is not there. Throws when a file in it cannot be trusted.
 * `now` is the time in milliseconds since 1970.
 */
export function fileKeyring(dir: string, now: () => number): Keyring {
  return new StoredKeyring(new FileKeyStore(dir), now);
}

/** A keyring that ends with the process. */
export function memoryKeyring(now: () => number): Keyring {
  return new StoredKeyring(new MemoryKeyStore(), now);
}

/** A keyring over any store. It renews itself when it is used. */
export class StoredKeyring implements Keyring {
  public readonly idKey: KeyObject;
  private keys: readonly Key[];
  private sealer = '';
  /** Seals by this process with the present key; the limit leaves room for those of others. */
  private seals = 0;
  private lookedAt = -Infinity;
  private failure: string | undefined;

  constructor(private readonly store: KeyStore, private readonly now: () => number) {
    const { id, seals } = this.complete(this.store.load());
    if (id === undefined || seals.length === 0) throw new Error('the keyring lacks keys, and another part of the platform makes them');
    this.idKey = id.secret;
    this.keys = seals;
  }

  sealing(): Key {
    if (isRenewalDue(this.keys, this.seals, this.now())) this.look();
    // There is always one: the last key is never spent.
    const key = sealingKey(this.keys, this.now())!;
    this.seals = key.kid === this.sealer ? this.seals + 1 : 1;
    this.sealer = key.kid;
    return key;
  }

  opening(kid: string): Key | undefined {
    return this.find(kid) ?? (this.look() ? this.find(kid) : undefined);
  }

  problem(): string | undefined {
    // Whoever is not ready gets no request, and without one nothing else would look again.
    if (this.failure !== undefined) this.look();
    return this.failure;
  }

  private find(kid: string): Key | undefined {
    return this.keys.find((key) => key.kid === kid);
  }

  /** Takes over what others have done and does what is due, now and then. Whether it looked. */
  private look(): boolean {
    const now = this.now();
    // A clock that was set back must not keep this from looking.
    if (Math.abs(now - this.lookedAt) < LOOK_AGAIN) return false;
    this.lookedAt = now;
    try {
      this.keys = this.renewed(this.store.load(), now);
      this.failure = undefined;
    } catch (error) {
      this.failure = `the keyring cannot be renewed: ${(error as Error).message}`;
    }
    return true;
  }

  private renewed({ seals }: KeySet, now: number): readonly Key[] {
    if (seals.length === 0) throw new Error('its keys are gone');
    if (!this.store.owned || !isRenewalDue(seals, this.seals, now)) return seals;
    spentKeys(seals, now).forEach((key) => this.store.remove(key));
    if (isRotationDue(seals, this.seals, now)) this.store.createSeal(newKey(now));
    return this.store.load().seals;
  }

  /** First start: makes what is missing. */
  private complete(found: KeySet): KeySet {
    if (found.id === undefined && found.seals.length > 0) {
      throw new Error('the keyring has sealing keys but no id key: restore it; a new one would undo every revocation');
    }
    if (!this.store.owned) return found;
    if (found.id === undefined) this.store.createId(newKey(this.now()));
    if (found.seals.length === 0) this.store.createSeal(newKey(this.now()));
    return this.store.load();
  }
}
