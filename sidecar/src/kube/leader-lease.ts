import type { Wait } from './back-off';
import type { KubeClient, KubeObject } from './client';
import { hasCode } from './kube-error';
import { heldBy, LeaseRecord, recordIn, released, withRecord } from './lease-record';
import type { Clock } from '../server/time/clock';

export interface LeaderLeaseOptions {
  readonly client: Pick<KubeClient, 'get' | 'update'>;
  /** A Lease that exists; it is never made. */
  readonly namespace: string;
  readonly name: string;
  /** Names this process, and no other, not even an earlier one of the same pod. */
  readonly identity: string;
  /** For what the Lease says to people. */
  readonly clock: Clock;
  /** What durations are measured by; its beginning does not matter. */
  readonly steady: Clock;
  readonly random: () => number;
  readonly wait: Wait;
  /** Told of each attempt that failed. That another was faster is no failure. */
  readonly failed: (reason: unknown) => void;
}

/** Milliseconds, as those of Kubernetes' own controllers: https://pkg.go.dev/k8s.io/client-go/tools/leaderelection */
const LEASE_TIMES = {
  /** How long others leave a leader alone that is not heard. */
  lease: 15_000,
  /** How long a leader leads that cannot renew. It ends first, so clocks may differ in speed by half. */
  renew: 10_000,
  /** Between two attempts; up to half of it more, so that replicas do not go in step. */
  retry: 2_000,
  /** For one call, so that a leader has time for more than one. */
  call: 3_000,
} as const;

/**
 * One replica leads: the one whose name the Lease has. Each replica tells by its own clock how long ago it saw the Lease
 * change, so what other clocks say does not matter.
 */
export class LeaderLease {
  private readonly closing = new AbortController();
  private readonly ended: Promise<void>;
  /** When the request was sent by which this replica leads. */
  private heldSince: number | undefined;
  private seen: { readonly text: string; readonly since: number } | undefined;

  constructor(private readonly options: LeaderLeaseOptions) {
    this.ended = this.run();
  }

  /** Ask before each thing that only the leader does. */
  isLeader(): boolean {
    return this.heldSince !== undefined && !this.closing.signal.aborted && this.options.steady() - this.heldSince < LEASE_TIMES.renew;
  }

  /** Leads no more from the call on; another may lead when it resolves. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.ended;
    await this.release().catch(this.options.failed);
  }

  private async run(): Promise<void> {
    const { wait, random, failed } = this.options;
    const { signal } = this.closing;
    while (!signal.aborted) {
      await this.attempt(signal).catch((error: unknown) => {
        if (!signal.aborted) failed(error);
      });
      await wait(LEASE_TIMES.retry * (1 + random() / 2), signal).catch(() => undefined);
    }
  }

  private async attempt(signal: AbortSignal): Promise<void> {
    const { identity, clock, steady } = this.options;
    const lease = await this.read(signal);
    const record = recordIn(lease);
    this.look(record);
    if (record.holder !== identity) this.heldSince = undefined;
    if (!this.mayHold(record)) return;
    const sent = steady();
    const won = await this.write(lease, heldBy(identity, record, clock(), LEASE_TIMES.lease / 1000), signal);
    if (won) this.heldSince = sent;
  }

  /** Notes when the record was seen to change. */
  private look(record: LeaseRecord): void {
    const text = JSON.stringify(record);
    if (this.seen?.text !== text) this.seen = { text, since: this.options.steady() };
  }

  private mayHold({ holder, durationSeconds = 0 }: LeaseRecord): boolean {
    if (holder === undefined || holder === this.options.identity) return true;
    // Another version may be the leader, and lead for longer.
    return this.options.steady() - (this.seen?.since ?? Infinity) >= Math.max(LEASE_TIMES.lease, durationSeconds * 1000);
  }

  /** Also what an attempt has got without hearing of it. */
  private async release(): Promise<void> {
    const lease = await this.read();
    const record = recordIn(lease);
    if (record.holder === this.options.identity) await this.write(lease, released(record, this.options.clock()));
  }

  private read(signal?: AbortSignal): Promise<KubeObject> {
    return this.options.client.get(this.resource(), this.options.name, { timeout: LEASE_TIMES.call, signal });
  }

  /** False when somebody else has written since it was read. */
  private async write(lease: KubeObject, record: LeaseRecord, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.options.client.update(this.resource(), withRecord(lease, record), { timeout: LEASE_TIMES.call, signal });
      return true;
    } catch (error) {
      if (hasCode(error, 'Conflict')) return false;
      throw error;
    }
  }

  private resource() {
    return { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespace: this.options.namespace };
  }
}
