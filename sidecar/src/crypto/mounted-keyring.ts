import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FileKeyStore } from './file-key-store';
import { KeyFileError } from './key-file';
import type { Key } from './key-store';
import type { Keyring } from './keyring';
import { fileStampNow } from '../server/files/read-file';

/** Milliseconds between two looks for a name that the folder does not know although it has not changed. */
const LOOK_AGAIN = 5000;

/**
 * The keys of a folder that another part of the platform fills, for opening alone. The folder may be empty at first. It is
 * read again when it has changed, which the kubelet shows by another `..data`, whenever somebody asks for a key it lacks.
 * `now` is the time in milliseconds since 1970.
 */
export function mountedKeyring(dir: string, now: () => number): Keyring {
  return new MountedKeyring(dir, now);
}

class MountedKeyring implements Keyring {
  private keys: readonly Key[] = [];
  private seen: string | undefined;
  private lookedAt = -Infinity;
  private failure: string | undefined;

  constructor(private readonly dir: string, private readonly now: () => number) {
    this.look();
  }

  get idKey(): KeyObject {
    throw onlyOpens();
  }

  sealing(): Key {
    throw onlyOpens();
  }

  opening(kid: string): Key | undefined {
    return this.find(kid) ?? (this.look() ? this.find(kid) : undefined);
  }

  problem(): string | undefined {
    this.look();
    return this.failure;
  }

  private find(kid: string): Key | undefined {
    return this.keys.find((key) => key.kid === kid);
  }

  /** Whether it looked. */
  private look(): boolean {
    const now = this.now();
    const stamp = fileStampNow(join(this.dir, '..data')) ?? fileStampNow(this.dir);
    // A clock that was set back must not keep this from looking.
    if (stamp === this.seen && Math.abs(now - this.lookedAt) < LOOK_AGAIN) return false;
    this.seen = stamp;
    this.lookedAt = now;
    try {
      this.keys = keysIn(this.dir);
      this.failure = undefined;
    } catch (error) {
      this.failure = `the keyring cannot be renewed: ${(error as Error).message}`;
    }
    return true;
  }
}

function keysIn(dir: string): readonly Key[] {
  if (!existsSync(dir)) throw new KeyFileError(dir, 'is not there');
  const { seals } = new FileKeyStore(dir).load();
  // Whoever fills the folder never takes the last key away.
  if (seals.length === 0) throw new KeyFileError(dir, 'has no key yet');
  return seals;
}

function onlyOpens(): Error {
  return new Error('this keyring only opens: the controller seals');
}
