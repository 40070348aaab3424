import { ExpiringMap } from '../../server/bounds/lru';
import type { Clock } from '../../server/time/clock';

export interface MintedToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Why there is no token, in words that may be told. */
export class MintFailure extends Error {
  override readonly name = 'MintFailure';

  /** `waitMilliseconds`: how long the server wants to be left alone. */
  constructor(message: string, readonly waitMilliseconds = 0) {
    super(message);
  }
}

/** A token is renewed so long before its end, while it still serves; or in its last quarter, if it lives for less. */
const RENEW_BEFORE = 10 * 60_000;

/** A request that goes out with a token must arrive before its end. */
const LAST_USE_BEFORE = 60_000;

/** Wait after the first failure, doubled with each further one. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60_000;

/** How long what is known of a token is kept when nobody asks, and for how many tokens. */
const REMEMBERED = 2 * 60 * 60_000;
const MAX_TOKENS = 2000;

interface Entry {
  token?: MintedToken;
  renewAt: number;
  failure?: unknown;
  failures: number;
  retryAt: number;
  minting?: Promise<void>;
}

/**
 * Tokens by what they are for. However many ask, one is minted at a time; while the old one serves nobody waits for the new;
 * and a server that fails is left alone for a while, in which the answer is its last failure.
 */
export class TokenCache {
  private readonly entries: ExpiringMap<string, Entry>;

  constructor(private readonly clock: Clock) {
    this.entries = new ExpiringMap({ max: MAX_TOKENS, clock });
  }

  async get(key: string, mint: () => Promise<MintedToken>): Promise<string> {
    const now = this.clock();
    const entry = this.entries.get(key) ?? { renewAt: -Infinity, failures: 0, retryAt: -Infinity };
    this.entries.set(key, entry, now + REMEMBERED);
    if (now >= entry.renewAt && now >= entry.retryAt) entry.minting ??= this.renew(entry, mint);
    if (!this.serves(entry)) await entry.minting;
    if (this.serves(entry)) return entry.token.token;
    const { failure = new MintFailure('the token that was minted ends too soon') } = entry;
    throw failure instanceof MintFailure ? new MintFailure(failure.message, Math.max(entry.retryAt - this.clock(), 0)) : failure;
  }

  private serves(entry: Entry): entry is Entry & { token: MintedToken } {
    return entry.token !== undefined && this.clock() < entry.token.expiresAt - LAST_USE_BEFORE;
  }

  /** Never rejects: whoever waits looks at the entry afterwards, and maybe nobody waits. */
  private async renew(entry: Entry, mint: () => Promise<MintedToken>): Promise<void> {
    try {
      const token = await mint();
      const lifetime = token.expiresAt - this.clock();
      const renewAt = token.expiresAt - Math.min(RENEW_BEFORE, lifetime / 4);
      Object.assign(entry, { token, renewAt, failure: undefined, failures: 0 } satisfies Partial<Entry>);
    } catch (failure) {
      const wanted = failure instanceof MintFailure ? failure.waitMilliseconds : 0;
      const wait = Math.max(wanted, Math.min(FIRST_WAIT * 2 ** entry.failures, LONGEST_WAIT));
      Object.assign(entry, { failure, failures: entry.failures + 1, retryAt: this.clock() + wait } satisfies Partial<Entry>);
    } finally {
      entry.minting = undefined;
    }
  }
}
