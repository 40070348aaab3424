import { Limiter } from '../../server/bounds/limiter';
import { refuse } from '../../server/http/sessions-errors';
import type { Clock } from '../../server/time/clock';
import type { Entrance, Leave } from '../deps';
import type { Principal } from '../principal';

export interface RequestLimits {
  /** Requests that one client may begin each second; twice as many at once. */
  readonly requestsPerSecond: number;
  /** Requests of one client that are open at the same time. */
  readonly concurrentPerClient: number;
  /** Requests that are open at the same time. */
  readonly concurrent: number;
}

/** Clients of which a rate is remembered. One that has begun nothing for two seconds needs no memory. */
const MAX_CLIENTS = 50_000;

const RETRY_AFTER_SECONDS = 1;

/** Counts what is open, of each client and of all. What a client has too much of is its own: others do not feel it. */
export class OpenRequests implements Pick<Entrance, 'enter'> {
  private readonly rate: Limiter;
  private readonly open = new Map<string, number>();
  private total = 0;

  constructor(private readonly limits: RequestLimits, clock: Clock) {
    const { requestsPerSecond } = limits;
    this.rate = new Limiter({ perSecond: requestsPerSecond, burst: 2 * requestsPerSecond, maxKeys: MAX_CLIENTS, clock });
  }

  /** Requests that are open now. */
  get size(): number {
    return this.total;
  }

  /** Takes a slot, or throws `TOO_MANY_REQUESTS` or `SERVER_OVERLOADED`. A refusal costs nothing. */
  enter({ key }: Principal): Leave {
    const { concurrentPerClient, concurrent } = this.limits;
    if (this.openOf(key) >= concurrentPerClient) throw tooMany(`${concurrentPerClient} requests of this client are open already`, RETRY_AFTER_SECONDS);
    if (this.total >= concurrent) throw refuse('SERVER_OVERLOADED', 'server overloaded, please try again later', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    const { allowed, retryAfter } = this.rate.take(key);
    if (!allowed) throw tooMany('this client begins too many requests', retryAfter);
    this.count(key, 1);
    let isOpen = true;
    return {
      end: () => {
        if (isOpen) this.count(key, -1);
        isOpen = false;
      },
    };
  }

  private openOf(key: string): number {
    return this.open.get(key) ?? 0;
  }

  private count(key: string, change: 1 | -1): void {
    const now = this.openOf(key) + change;
    this.total += change;
    if (now === 0) this.open.delete(key);
    else this.open.set(key, now);
  }
}

function tooMany(message: string, retryAfterSeconds: number): Error {
  return refuse('TOO_MANY_REQUESTS', message, { retryAfterSeconds });
}
