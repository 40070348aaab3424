import type { Clock } from '../../server/time/clock';
import type { RunName } from '../catalog/run-name';
import { refuse } from '../refuse';

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

/** A revocation that is forgotten would give a credential back, so at the limit further ones are not kept, and whoever asks is told. */
export const MAX_REVOKED_LEASES = 20_000;

/** What is revoked, in memory; what keeps it adds itself. */
export class MemoryRevocations implements Revocations {
  private readonly leases = new Map<string, { readonly run: RunName; readonly ids: Set<string> }>();
  private count = 0;
  private readonly sessions = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  async revokeLeases(run: RunName, ids: readonly string[]): Promise<void> {
    for (const id of ids) this.addLease({ ...run, id });
    this.requireLeases(run, ids);
  }

  async revokeSession(id: string, notAfter: number): Promise<void> {
    this.addSession({ id, notAfter });
  }

  /** Whether it is new. At the limit nothing is. */
  addLease({ namespace, name, id }: RevokedLease): boolean {
    const run = { namespace, name };
    if (this.count >= MAX_REVOKED_LEASES || this.holds(run, [id])) return false;
    const known = this.leases.get(keyOf(run)) ?? { run, ids: new Set<string>() };
    this.leases.set(keyOf(run), known);
    known.ids.add(id);
    this.count += 1;
    return true;
  }

  /** For leases that whoever is asked about the run knows by now. */
  forgetLease({ id, ...run }: RevokedLease): void {
    const ids = this.leases.get(keyOf(run))?.ids;
    if (ids?.delete(id)) this.count -= 1;
    if (ids?.size === 0) this.leases.delete(keyOf(run));
  }

  holds(run: RunName, ids: readonly string[]): boolean {
    const known = this.leases.get(keyOf(run))?.ids;
    return ids.every((id) => known?.has(id));
  }

  /** Throws when one of them did not fit. */
  requireLeases(run: RunName, ids: readonly string[]): void {
    if (!this.holds(run, ids)) throw refuse('ProviderFailure', `revoke failed: this replica holds ${MAX_REVOKED_LEASES} revoked leases, and no more fit`);
  }

  addSession({ id, notAfter }: SessionEnd): void {
    this.sessions.set(id, Math.max(notAfter, this.sessions.get(id) ?? -Infinity));
  }

  leasesOf(run: RunName): readonly string[] {
    return this.leases.size === 0 ? [] : [...this.leases.get(keyOf(run))?.ids ?? []];
  }

  isSessionRevoked(id: string): boolean {
    return (this.sessions.get(id) ?? -Infinity) > this.clock();
  }

  allLeases(): readonly RevokedLease[] {
    return [...this.leases.values()].flatMap(({ run, ids }) => [...ids].map((id) => ({ ...run, id })));
  }

  /** Those that are not over; the others are forgotten. */
  allSessions(): readonly SessionEnd[] {
    for (const [id, notAfter] of this.sessions) if (isOver(notAfter, this.clock())) this.sessions.delete(id);
    return [...this.sessions].map(([id, notAfter]) => ({ id, notAfter }));
  }
}

/** Names of Kubernetes have no slash. */
function keyOf({ namespace, name }: RunName): string {
  return `${namespace}/${name}`;
}
