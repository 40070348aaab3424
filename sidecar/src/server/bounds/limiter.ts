import { isIPv6 } from 'node:net';
import type { Clock } from '../time/clock';

export interface LimiterOptions {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Tokens of a key that has not been seen for a while. */
  readonly burst: number;
  readonly maxKeys: number;
  readonly clock: Clock;
}

/** `retryAfter` is in whole seconds, as the header of that name wants it; 0 when allowed. */
export interface Verdict {
  readonly allowed: boolean;
  readonly retryAfter: number;
}

/** Changed in place: one for each request that lives until the next would fill the memory with what is long dead. */
interface Bucket {
  tokens: number;
  at: number;
}

const ALLOWED: Verdict = { allowed: true, retryAfter: 0 };

/**
 * Token buckets by key. A bucket that had time to fill up says nothing and is forgotten
 * first; while all are in use, a new key is refused, so filling the table gains nothing.
 * https://en.wikipedia.org/wiki/Token_bucket
 */
export class Limiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly options: LimiterOptions) {
    const { perSecond, burst, maxKeys } = options;
    if (!(perSecond > 0) || !(burst >= 1) || !(maxKeys >= 1)) throw new RangeError('perSecond must be above 0, burst and maxKeys at least 1');
  }

  /** Keys held now. */
  get size(): number {
    return this.buckets.size;
  }

  /** Takes a token, if there is one. */
  take(key: string): Verdict {
    const now = this.options.clock();
    const bucket = this.buckets.get(key);
    const tokens = this.tokensOf(bucket, now);
    if (tokens < 1) {
      // After a clock was set back, tokens come again from the new time on.
      if (bucket!.at > now) this.put(key, bucket, tokens, now);
      return this.refuse(1 - tokens);
    }
    if (bucket === undefined && this.buckets.size >= this.options.maxKeys && !this.forgetOldest(now)) return this.refuse(1);
    this.put(key, bucket, tokens - 1, now);
    return ALLOWED;
  }

  /** Puts back a token that was taken for something else than what is limited. */
  giveBack(key: string): void {
    const now = this.options.clock();
    const bucket = this.buckets.get(key);
    if (bucket !== undefined) this.put(key, bucket, Math.min(this.options.burst, this.tokensOf(bucket, now) + 1), now);
  }

  /** Whether a token is there, without taking it. */
  peek(key: string): Verdict {
    const tokens = this.tokensOf(this.buckets.get(key), this.options.clock());
    return tokens < 1 ? this.refuse(1 - tokens) : ALLOWED;
  }

  private tokensOf(bucket: Bucket | undefined, now: number): number {
    const { burst, perSecond } = this.options;
    if (bucket === undefined) return burst;
    // A clock that was set back gives nothing and takes nothing.
    return Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) / 1000 * perSecond);
  }

  /** Puts it last, so that the order of the map is the order of use. */
  private put(key: string, bucket: Bucket | undefined, tokens: number, at: number): void {
    if (bucket === undefined) {
      this.buckets.set(key, { tokens, at });
      return;
    }
    bucket.tokens = tokens;
    bucket.at = at;
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
  }

  private forgetOldest(now: number): boolean {
    const [key, bucket] = this.buckets.entries().next().value!;
    return this.tokensOf(bucket, now) >= this.options.burst && this.buckets.delete(key);
  }

  private refuse(missing: number): Verdict {
    return { allowed: false, retryAfter: Math.max(1, Math.ceil(missing / this.options.perSecond)) };
  }
}

/** The key of a client's address. IPv4 is the same in both spellings; an IPv6 host may own a /64, so that is its key. */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1];
  return isIPv6(address) ? `${prefix64(address)}::/64` : address;
}

function prefix64(address: string): string {
  const [head, tail] = address.split('%')[0].toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...zeros, ...back].slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(':');
}
