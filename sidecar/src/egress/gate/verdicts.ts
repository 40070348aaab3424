import { hash } from 'node:crypto';
import type { ValidateEgressResponse } from '../../../../src/protocol/broker-api';
import { LONGEST_VERDICT, REVALIDATION_TIMEOUT } from '../../../../src/protocol/egress-api';
import { Limiter } from '../../server/bounds/limiter';
import { ExpiringMap } from '../../server/bounds/lru';
import type { Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';
import { refuse } from '../refusals/refuse';

/** Who wants to connect whereto. */
export interface Question {
  /** The run token, or the bearer that a base URL shows. */
  readonly token: string;
  readonly clientAddress: string;
  /** In its one spelling. */
  readonly host: string;
  readonly port: number;
}

/** The broker's answer and the time of the clock until which it may be used; that may be over when it comes. */
export interface Verdict extends ValidateEgressResponse {
  readonly until: number;
}

/** What becomes of a tunnel that is open already. */
export type Revalidation =
  | { readonly outcome: 'allowed'; readonly verdict: Verdict }
  | { readonly outcome: 'refused' }
  /** There was no answer in time. */
  | { readonly outcome: 'unanswered' };

export interface VerdictsOptions {
  /** Rejects when there is no answer. */
  readonly ask: (question: Question) => Promise<ValidateEgressResponse>;
  /** Whether an error is the broker's decision, which asking again does not change. */
  readonly isRefusal: (error: unknown) => boolean;
  readonly clock: Clock;
  readonly after: After;
  readonly max?: number;
}

type Outcome = { readonly verdict: Verdict; readonly error?: undefined } | { readonly verdict?: undefined; readonly error: unknown };

/** Milliseconds. Who asks again and again for what is refused, or while the broker is away, costs it nothing more. */
const REFUSED = 1_000;
/** Between two questions for an open tunnel; longer than a failure is remembered. */
const PAUSE = REFUSED + 100;

const MAX_REMEMBERED = 20_000;

/** Nobody is known before there is an answer, so an address bears what it asks: questions at once, and refused tokens each second. */
const MAX_ASKED = 64;
const REFUSED_TOKENS = { perSecond: 20, burst: 100, maxKeys: 10_000 };

/**
 * What the broker has answered, for as long as it says, at most `LONGEST_VERDICT`. Remembered are hashes of tokens, so the memory
 * holds nothing to spend.
 */
export class Verdicts {
  private readonly allowed: ExpiringMap<string, Outcome>;
  /** Apart from the others, so that guesses push out nothing that is in use. */
  private readonly others: ExpiringMap<string, Outcome>;
  private readonly open = new Map<string, Promise<Outcome>>();
  /** Questions that wait for their answers, by address. */
  private readonly asked = new Map<string, number>();
  private readonly refused: Limiter;

  constructor(private readonly options: VerdictsOptions) {
    const { max = MAX_REMEMBERED, clock } = options;
    this.allowed = new ExpiringMap({ max, clock });
    this.others = new ExpiringMap({ max, clock });
    this.refused = new Limiter({ ...REFUSED_TOKENS, clock });
  }

  /**
   * The broker's answer, which may be a refusal. Rejects with its error, each time for a second; with `TOO_MANY_REQUESTS` or
   * `SERVER_OVERLOADED` when too much is asked from the address.
   */
  async verdict(question: Question): Promise<Verdict> {
    const { verdict, error } = await this.outcomeOf(question);
    if (verdict === undefined) throw error;
    return verdict;
  }

  /**
   * For a tunnel whose verdict is over. Other tunnels of the run may have brought a new one. While the broker does not answer, it
   * is asked again until `REVALIDATION_TIMEOUT` has passed.
   */
  async revalidate(question: Question): Promise<Revalidation> {
    const { after, isRefusal } = this.options;
    return new Promise((resolve) => {
      let cancelPause = (): void => undefined;
      let isOver = false;
      const settle = (revalidation: Revalidation): void => {
        isOver = true;
        cancelEnd();
        cancelPause();
        resolve(revalidation);
      };
      const cancelEnd = after(REVALIDATION_TIMEOUT, () => settle({ outcome: 'unanswered' }));
      const ask = async (): Promise<void> => {
        const { verdict, error } = await this.outcomeOf(question);
        if (isOver) return;
        if (verdict?.allowed === true) settle({ outcome: 'allowed', verdict });
        else if (verdict !== undefined || isRefusal(error)) settle({ outcome: 'refused' });
        else cancelPause = after(PAUSE, () => void ask());
      };
      void ask();
    });
  }

  private outcomeOf(question: Question): Outcome | Promise<Outcome> {
    const key = keyOf(question);
    return this.allowed.get(key) ?? this.others.get(key) ?? this.open.get(key) ?? this.shared(key, question);
  }

  private shared(key: string, question: Question): Promise<Outcome> {
    const { clientAddress } = question;
    const before = this.asked.get(clientAddress) ?? 0;
    const error = this.problemOf(clientAddress, before);
    if (error !== undefined) return Promise.resolve({ error });
    this.asked.set(clientAddress, before + 1);
    const asking = this.ask(key, question).finally(() => {
      this.open.delete(key);
      this.answered(clientAddress);
    });
    this.open.set(key, asking);
    return asking;
  }

  private problemOf(clientAddress: string, asked: number): Error | undefined {
    if (asked >= MAX_ASKED) return refuse('SERVER_OVERLOADED', 'too many questions from this address wait for the broker', { retryAfterSeconds: 1 });
    const { allowed, retryAfter } = this.refused.peek(clientAddress);
    return allowed ? undefined : refuse('TOO_MANY_REQUESTS', 'too many refused tokens from this address', { retryAfterSeconds: retryAfter });
  }

  private answered(clientAddress: string): void {
    const left = this.asked.get(clientAddress)! - 1;
    if (left > 0) this.asked.set(clientAddress, left);
    else this.asked.delete(clientAddress);
  }

  private async ask(key: string, question: Question): Promise<Outcome> {
    const { ask, clock, isRefusal } = this.options;
    // The time before the question: the answer may be as old as that.
    const askedAt = clock();
    try {
      const answer = await ask(question);
      const outcome = { verdict: { ...answer, until: askedAt + lifetimeOf(answer) } };
      if (answer.allowed) this.allowed.set(key, outcome, outcome.verdict.until);
      else this.others.set(key, outcome, outcome.verdict.until);
      return outcome;
    } catch (error) {
      const outcome = { error };
      if (isRefusal(error)) this.refused.take(question.clientAddress);
      this.others.set(key, outcome, clock() + REFUSED);
      return outcome;
    }
  }
}

/** Each part but the host is of letters that no other part ends with, and the host has no blank. */
function keyOf({ token, clientAddress, host, port }: Question): string {
  return `${hash('sha256', token, 'base64')} ${clientAddress} ${port} ${host}`;
}

/** Milliseconds. A refusal says nothing of its time, nor does a broker that does not know the field. */
function lifetimeOf({ allowed, validForSeconds = 1 }: ValidateEgressResponse): number {
  if (!allowed) return REFUSED;
  const wanted = validForSeconds * 1000;
  // Asked this way round, a time that is not a number is none.
  return wanted > 0 ? Math.min(wanted, LONGEST_VERDICT) : 0;
}
