import { createPrivateKey, KeyObject } from 'node:crypto';
import { REQUEST_ISSUER, REQUEST_TOKEN_SECONDS, type RequestClaims } from '../../../../src/protocol/session-api';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import { RETRY_AFTER_NOT_READY } from '../../../../src/protocol/sessions-api';
import { isSealedAlike, openSecret } from '../../crypto/envelope';
import type { Keyring } from '../../crypto/keyring';
import { isP256 } from '../../crypto/p256';
import { signToken } from '../../crypto/signed-token';
import { ExpiringMap } from '../../server/bounds/lru';
import { refuse } from '../../server/http/sessions-errors';
import type { Clock } from '../../server/time/clock';

/** Sessions whose keys are held open. */
const MAX_SESSIONS = 10_000;

/** Milliseconds. A session's record is opened again at least so often, so its key is forgotten soon after its end. */
const KEY_LIFE = 10 * 60 * 1000;

/** A token lives for half of what the daemon takes, and is used for half of its life, so it is good for any difference of clocks. */
const TOKEN_SECONDS = REQUEST_TOKEN_SECONDS / 2;
const USED_FOR = TOKEN_SECONDS * 1000 / 2;

interface Held {
  /** What the key was opened for. */
  readonly session: SessionRecord;
  readonly key: KeyObject;
  token: string;
  signedAt: number;
}

export interface SessionTokensOptions {
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly maxSessions?: number;
}

/** Tokens by which a daemon knows requests of its session. Opening a key and signing each cost more than passing a request on. */
export class SessionTokens {
  private readonly held: ExpiringMap<string, Held>;

  constructor(private readonly options: SessionTokensOptions) {
    this.held = new ExpiringMap({ max: options.maxSessions ?? MAX_SESSIONS, clock: options.clock });
  }

  /** Rejects with `SESSION_PRIVATE_KEY_NOT_FOUND`. */
  tokenFor(record: SessionRecord): string | Promise<string> {
    const held = this.held.get(record.id);
    return held !== undefined && isHeldFor(held, record) ? this.current(held, record.id) : this.opened(record);
  }

  forget(id: string): void {
    this.held.delete(id);
  }

  private current(held: Held, id: string): string {
    const now = this.options.clock();
    if (now < held.signedAt || now - held.signedAt >= USED_FOR) {
      held.token = signed(held.key, id, now);
      held.signedAt = now;
    }
    return held.token;
  }

  private async opened(record: SessionRecord): Promise<string> {
    const { keyring, clock } = this.options;
    const { id, sealedKey, expiresAt } = record;
    const secret = await openSecret(keyring, sealedKey, record, 'key');
    const key = secret.failure === undefined ? privateKey(secret.text) : undefined;
    if (key === undefined) {
      throw refuse('SESSION_PRIVATE_KEY_NOT_FOUND', 'the key of the session cannot be opened', {
        retryAfterSeconds: RETRY_AFTER_NOT_READY, cause: new Error(secret.failure ?? 'what was sealed is no key on P-256'),
      });
    }
    const now = clock();
    const held = { session: record, key, token: signed(key, id, now), signedAt: now };
    this.held.set(id, held, Math.min(expiresAt, now + KEY_LIFE));
    return held.token;
  }
}

/** Somebody may have changed the record since. */
function isHeldFor({ session }: Held, record: SessionRecord): boolean {
  return session.sealedKey === record.sealedKey && isSealedAlike(session, record);
}

function signed(key: KeyObject, id: string, now: number): string {
  const iat = Math.floor(now / 1000);
  const claims: RequestClaims = { iss: REQUEST_ISSUER, session_id: id, iat, exp: iat + TOKEN_SECONDS };
  return signToken(claims, key);
}

function privateKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return isP256(key) ? key : undefined;
  } catch {
    return undefined;
  }
}
