import { KeyObject, randomUUID } from 'node:crypto';
import type { Environment } from './environment';
import { newP256Pair, thumbprintOf } from '../crypto/p256';
import type { VerifyingKey } from '../crypto/signed-token';

/** The one session that a daemon serves until it ends. */
export interface PinnedSession {
  readonly id: string;
  readonly key: VerifyingKey;
  readonly thumbprint: string;
  /** For its commands, over the daemon's own. */
  readonly environment: Environment;
}

/**
 * Who the daemon is: made at the start of the process, never written, so that a restart makes a new one. It has one
 * transition, which takes no time: of two inits at once, one pins.
 */
export class Identity {
  readonly bootId = randomUUID();
  readonly bootKey: KeyObject;
  readonly bootPublicKey: KeyObject;
  readonly bootThumbprint: string;
  private pinned: PinnedSession | undefined;

  constructor() {
    const { privateKey, publicKey } = newP256Pair();
    this.bootKey = privateKey;
    this.bootPublicKey = publicKey;
    this.bootThumbprint = thumbprintOf(publicKey);
  }

  /** The session; undefined before init. */
  get session(): PinnedSession | undefined {
    return this.pinned;
  }

  /** Pins the session and answers it; or the one that is pinned already, which stays as it is. */
  pin(session: PinnedSession): PinnedSession {
    this.pinned ??= session;
    return this.pinned;
  }
}
