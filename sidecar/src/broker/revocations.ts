import type { RunName } from './authorize';
import type { Clock } from '../server/clock';

/** Keeps what is revoked beyond what a run's own end revokes. */
export interface Revocations {
  /** Resolves when it survives a restart. Counts on this replica at once, also when it cannot be kept; then it rejects. */
  revokeLeases(run: RunName, ids: readonly string[]): Promise<void>;
  /** Likewise for a session; from `notAfter` on, in milliseconds since 1970, there is nothing left to revoke. */
  revokeSession(id: string, notAfter: number): Promise<void>;
  /** Ids of leases of the run that are revoked here, whether its status shows them yet or not. */
  leasesOf(run: RunName): readonly string[];
  isSessionRevoked(id: string): boolean;
}

/** A revoked lease, as it is kept. */
export interface RevokedLease extends RunName {
  readonly id: string;
}

/** A revoked session, as it is kept. */
export interface SessionEnd {
  readonly id: string;
  readonly notAfter: number;
}

/** An end counts as past only when it is for every replica: their clocks may differ by so much. */
const CLOCK_MARGIN = 5 * 60_000;

/** Whether nothing is left to revoke, whichever replica is asked. */
export function isOver(notAfter: number, now: number): boolean {
  return notAfter + CLOCK_MARGIN <= now;
}

/** What is revoked, in memory; what keeps it adds itself. */
export class MemoryRevocations implements Revocations {
  private readonly leases = new Map<string, RevokedLease[]>();
  private readonly sessions = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  async revokeLeases(run: RunName, ids: readonly string[]): Promise<void> {
    for (const id of ids) this.addLease({ ...run, id });
  }

  async revokeSession(id: string, notAfter: number): Promise<void> {
    this.addSession({ id, notAfter });
  }

  addLease(lease: RevokedLease): void {
    const known = this.leasesWith(lease);
    if (!known.some(({ id }) => id === lease.id)) this.leases.set(keyOf(lease), [...known, lease]);
  }

  /** For leases that whoever is asked about the run knows by now. */
  forgetLeases(run: RunName, ids: readonly string[]): void {
    const left = this.leasesWith(run).filter(({ id }) => !ids.includes(id));
    if (left.length > 0) this.leases.set(keyOf(run), left);
    else this.leases.delete(keyOf(run));
  }

  addSession({ id, notAfter }: SessionEnd): void {
    this.sessions.set(id, Math.max(notAfter, this.sessions.get(id) ?? -Infinity));
  }

  leasesOf(run: RunName): readonly string[] {
    return this.leases.size === 0 ? [] : this.leasesWith(run).map(({ id }) => id);
  }

  isSessionRevoked(id: string): boolean {
    return (this.sessions.get(id) ?? -Infinity) > this.clock();
  }

  allLeases(): readonly RevokedLease[] {
    return [...this.leases.values()].flat();
  }

  /** Those that are not over; the others are forgotten. */
  allSessions(): readonly SessionEnd[] {
    for (const [id, notAfter] of this.sessions) if (isOver(notAfter, this.clock())) this.sessions.delete(id);
    return [...this.sessions].map(([id, notAfter]) => ({ id, notAfter }));
  }

  private leasesWith(run: RunName): readonly RevokedLease[] {
    return this.leases.get(keyOf(run)) ?? [];
  }
}

/** Names of Kubernetes have no slash. */
function keyOf({ namespace, name }: RunName): string {
  return `${namespace}/${name}`;
}
