import { endOf, Lease } from './lease-status';
import { ExpiringMap } from '../../../server/bounds/lru';
import type { Clock } from '../../../server/time/clock';
import type { OperatorDeps } from '../../operator-deps';

/** Leases that are remembered: some ten megabytes. What is forgotten is renewed once more than it needs. */
const MAX_LEASES_KNOWN = 50_000;

/** Milliseconds between two attempts at least and at most. */
const SHORTEST = 1_000;
const LONGEST = 60_000;

/** A renewal sooner than this gains nothing: the broker ends leases with their run. */
const RENEWAL_SHORTEST = 10_000;

interface Known {
  readonly expiresAt: Lease['expiresAt'];
  /** When the lease is renewed next, in milliseconds since 1970. */
  readonly due: number;
  /** Why it was not renewed. */
  readonly problem?: string;
}

/**
 * When leases are renewed: at half of the life that they had when their end was learnt, which the status does not tell. A
 * lease that nothing is known of, as after a restart, is due at once.
 */
export class RenewalTimes {
  private readonly known: ExpiringMap<string, Known>;

  constructor(clock: Clock) {
    this.known = new ExpiringMap({ max: MAX_LEASES_KNOWN, clock });
  }

  due(runUid: string, lease: Lease): number {
    return this.of(runUid, lease)?.due ?? -Infinity;
  }

  problem(runUid: string, lease: Lease): string | undefined {
    return this.of(runUid, lease)?.problem;
  }

  /** Its end is as far away as it will be. */
  learnt(runUid: string, lease: Lease, now: number): void {
    const left = endOf(lease) - now;
    this.put(runUid, lease, { due: left <= 0 ? Infinity : now + Math.max(left / 2, RENEWAL_SHORTEST) });
  }

  /** The broker will not renew it. That may change as long as there is something to renew. */
  refused(runUid: string, lease: Lease, now: number, problem: string): void {
    this.put(runUid, lease, { due: endOf(lease) <= now ? Infinity : now + pauseBefore(endOf(lease), now), problem });
  }

  /** The broker could not be asked. A lease that has ended meanwhile is brought back by a renewal. */
  missed(runUid: string, lease: Lease, now: number): void {
    const problem = endOf(lease) <= now ? 'ended while the broker could not be asked' : undefined;
    this.put(runUid, lease, { due: now + pauseBefore(endOf(lease), now), ...(problem === undefined ? {} : { problem }) });
  }

  private of(runUid: string, { leaseID, expiresAt }: Lease): Known | undefined {
    const known = this.known.get(`${runUid} ${leaseID}`);
    return known?.expiresAt === expiresAt ? known : undefined;
  }

  private put(runUid: string, { leaseID, expiresAt }: Lease, known: Omit<Known, 'expiresAt'>): void {
    this.known.set(`${runUid} ${leaseID}`, { expiresAt, ...known }, Infinity);
  }
}

/** The nearer the end, the more often it is tried. */
function pauseBefore(end: number, now: number): number {
  return end <= now ? LONGEST : Math.min(Math.max((end - now) / 8, SHORTEST), LONGEST);
}

const times = new WeakMap<OperatorDeps['broker'], RenewalTimes>();

/** What this process has learnt from a broker. */
export function renewalTimes({ broker, clock }: Pick<OperatorDeps, 'broker' | 'clock'>): RenewalTimes {
  const known = times.get(broker) ?? new RenewalTimes(clock);
  times.set(broker, known);
  return known;
}
