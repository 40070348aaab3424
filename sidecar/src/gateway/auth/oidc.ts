import { hash } from 'node:crypto';
import { errors, JWTPayload } from 'jose';
import { judge } from './claims';
import { IssuerKeys, KeysUnavailable } from './issuer-keys';
import { ALGORITHMS, claimsOf, KeySet } from './key-set';
import type { IssuerEntry } from '../../../../src/protocol/session-pools';
import { ExpiringMap } from '../../server/bounds/lru';
import { refuse } from '../../server/http/sessions-errors';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import type { Principal } from '../principal';

export interface OidcIssuerOptions {
  readonly entry: IssuerEntry;
  readonly keys: IssuerKeys;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Clocks may differ by less. */
const LEEWAY_SECONDS = 30;

/** Milliseconds for which a good token is not verified again. */
const REMEMBERED = 60_000;
const MAX_REMEMBERED = 10_000;

const RETRY_AFTER_SECONDS = 10;

/**
 * Verifies the tokens of one issuer: https://www.rfc-editor.org/rfc/rfc9068#section-4 for access tokens,
 * https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation for others. Good ones are remembered by their hash.
 */
export class OidcIssuer {
  private readonly remembered: ExpiringMap<string, Principal>;
  /** What the remembered ones were verified with. */
  private verifiedWith: KeySet | undefined;

  constructor(private readonly options: OidcIssuerOptions) {
    this.remembered = new ExpiringMap({ max: MAX_REMEMBERED, clock: options.clock });
  }

  /** Whose token it is; undefined when it is not good. Rejects with `UNAVAILABLE` or, without the role that everybody needs, `FORBIDDEN`. */
  async principalOf(token: string): Promise<Principal | undefined> {
    const set = await this.known(this.options.keys.current());
    // Keys that are gone take with them what they have signed.
    if (set !== this.verifiedWith) this.remembered.clear();
    this.verifiedWith = set;
    const name = hash('sha256', token, 'base64');
    const known = this.remembered.get(name);
    if (known !== undefined) return known;
    const claims = await this.claims(token, set);
    const principal = claims === undefined ? undefined : this.admitted(claims);
    // While the token was verified the keys may have become others.
    if (principal !== undefined && set === this.verifiedWith) this.remembered.set(name, principal, this.rememberedUntil(claims!));
    return principal;
  }

  private rememberedUntil({ exp }: JWTPayload): number {
    return Math.min(this.options.clock() + REMEMBERED, exp! * 1000);
  }

  private admitted(claims: JWTPayload): Principal | undefined {
    const judgement = judge(this.options.entry, claims);
    if (judgement === 'role-missing') throw refuse('FORBIDDEN', 'the role that this gateway asks for is missing');
    return judgement === 'nobody' ? undefined : judgement;
  }

  private async claims(token: string, set: KeySet): Promise<JWTPayload | undefined> {
    try {
      return await this.verified(token, set);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) return this.dropped(error);
      const newer = await this.known(this.options.keys.newer(set));
      return newer === undefined ? undefined : this.verified(token, newer).catch((reason: unknown) => this.dropped(reason));
    }
  }

  private async verified(token: string, set: KeySet): Promise<JWTPayload | undefined> {
    const { entry: { issuer, audience }, clock } = this.options;
    const now = clock();
    const claims = await claimsOf(token, set, {
      issuer, audience, algorithms: ALGORITHMS, clockTolerance: LEEWAY_SECONDS, currentDate: new Date(now), requiredClaims: ['exp', 'sub'],
    });
    return isFromThePast(claims.iat, now) ? claims : undefined;
  }

  /** Why a token is no good is for the log alone. */
  private dropped(error: unknown): undefined {
    const { issuer } = this.options.entry;
    this.options.log.debug({ issuer, code: error instanceof errors.JOSEError ? error.code : 'ERR_KEY' }, 'a token was refused');
  }

  private async known<T>(keys: Promise<T>): Promise<T> {
    return keys.catch((cause: unknown) => {
      if (!(cause instanceof KeysUnavailable)) throw cause;
      throw refuse('UNAVAILABLE', 'tokens of this issuer cannot be verified now; try again', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
    });
  }
}

function isFromThePast(iat: unknown, now: number): boolean {
  return iat === undefined || (typeof iat === 'number' && iat <= now / 1000 + LEEWAY_SECONDS);
}
