import { hash } from 'node:crypto';
import type { KubeClient, KubeObject } from './client';
import { serviceAccountOf, ServiceAccount } from './reviewed-account';
import { tokenExpiry } from './token-expiry';
import { ExpiringMap } from '../server/bounds/lru';
import { Clock, isWithin } from '../server/time/clock';

export interface TokenReviewOptions {
  readonly client: Pick<KubeClient, 'create'>;
  /** Audience that a token must be for. */
  readonly audience: string;
  readonly clock: Clock;
  /** Told of each look-up: remembered, asked of the API server, or not to be told now. */
  readonly observe?: (result: 'hit' | 'miss' | 'error') => void;
  /** Verdicts that are remembered, of each sort. */
  readonly max?: number;
}

/** What somebody pays for a question about a token of which nothing is known, before the API server is asked. */
export interface ReviewToll {
  /** Throws when there is nothing to pay with. */
  pay(): void;
  /** The token was valid. */
  giveBack(): void;
}

/** A valid token. Times in milliseconds since 1970. */
interface Verdict {
  readonly account: ServiceAccount;
  readonly reviewedAt: number;
}

/** Milliseconds for which a verdict is the answer. */
const POSITIVE = 30_000;
const NEGATIVE = 5_000;
/** The same while the API server does not answer. */
const DURING_OUTAGE = 75_000;
/** After a failure nobody is asked for so long, so that an outage costs a request no time. */
const PAUSE = 1_000;
const TIMEOUT = 4_000;

/** Reviews under way at once; tokens are not verified yet, so anybody could start them. */
const MAX_OPEN = 128;
const MAX_REMEMBERED = 10_000;

const TOKEN_REVIEWS = { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews' };

/**
 * Asks the API server whose a ServiceAccount token is, and remembers the answer by the token's hash.
 * https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
 */
export class TokenReview {
  private readonly valid: ExpiringMap<string, Verdict>;
  /** Apart from the others, so that guesses push out nothing that is in use. */
  private readonly invalid: ExpiringMap<string, true>;
  private readonly open = new Map<string, Promise<ServiceAccount | undefined>>();
  private failedAt = -Infinity;

  constructor(private readonly options: TokenReviewOptions) {
    const { max = MAX_REMEMBERED, clock } = options;
    this.valid = new ExpiringMap({ max, clock });
    this.invalid = new ExpiringMap({ max, clock });
  }

  /** The account; undefined for a token that is not valid. Rejects when that cannot be told now, or with what the toll throws. */
  async review(token: string, toll?: ReviewToll): Promise<ServiceAccount | undefined> {
    const expiry = tokenExpiry(token);
    const now = this.options.clock();
    if (expiry === undefined || expiry <= now) return undefined;
    const name = hash('sha256', token, 'base64');
    const known = this.valid.get(name);
    if (known !== undefined && isWithin(now, known.reviewedAt, POSITIVE)) return this.observed('hit', known.account);
    if (this.invalid.get(name) === true) return this.observed('hit', undefined);
    const asking = this.asked(name, token, expiry, known === undefined ? toll : undefined);
    // Who has a verdict does not wait for an API server that did not answer the last time.
    if (known !== undefined && this.isDown) {
      asking.catch(() => undefined);
      return this.observed('error', known.account);
    }
    try {
      return this.observed('miss', await asking);
    } catch (error) {
      const verdict = this.observed('error', this.valid.get(name));
      if (verdict === undefined) throw error;
      return verdict.account;
    }
  }

  private get isDown(): boolean {
    return this.failedAt !== -Infinity;
  }

  private observed<T>(result: 'hit' | 'miss' | 'error', answer: T): T {
    this.options.observe?.(result);
    return answer;
  }

  /** Asks once, however many want to know. */
  private async asked(name: string, token: string, expiry: number, toll: ReviewToll | undefined): Promise<ServiceAccount | undefined> {
    const under = this.open.get(name);
    if (under !== undefined) return under;
    if (isWithin(this.options.clock(), this.failedAt, PAUSE)) throw new Error('the API server did not answer a moment ago');
    if (this.open.size >= MAX_OPEN) throw new Error(`${MAX_OPEN} tokens are being reviewed already`);
    toll?.pay();
    const asking = this.ask(name, token, expiry).finally(() => this.open.delete(name));
    this.open.set(name, asking);
    const account = await asking;
    if (account !== undefined) toll?.giveBack();
    return account;
  }

  private async ask(name: string, token: string, expiry: number): Promise<ServiceAccount | undefined> {
    const { client, audience, clock } = this.options;
    // The time before the question: the answer may be as old as that.
    const reviewedAt = clock();
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token, audiences: [audience] } };
    const answer: KubeObject = await client.create(TOKEN_REVIEWS, review, { timeout: TIMEOUT, repeatable: true }).catch((error: unknown) => {
      this.failedAt = clock();
      throw error;
    });
    this.failedAt = -Infinity;
    const account = serviceAccountOf(answer.status, audience);
    if (account === undefined) {
      this.valid.delete(name);
      this.invalid.set(name, true, reviewedAt + NEGATIVE);
    } else {
      this.valid.set(name, { account, reviewedAt }, Math.min(expiry, reviewedAt + DURING_OUTAGE));
    }
    return account;
  }
}
