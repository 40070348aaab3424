import type { BrokerRun, RunBroker } from '../../sidecar/src/operator/broker-client';
import type { Clock } from '../../sidecar/src/server/time/clock';
import type { IssueEgressResponse, IssueResponse, RenewResponse } from '../../src/protocol/broker-api';

/** Stand for what only the containers of a run may see. */
export const BEARERS = { credential: 'pdk-usersecret-planted-5f', egress: 'pdk-egress-planted-7a' } as const;

/** Keeps the books of a broker: which leases of which run are good. The same question gets the same lease, as from the real one. */
export class LeaseBook implements RunBroker {
  public readonly issued = new Map<string, string>();
  public readonly revoked = new Set<string>();
  /** Milliseconds for which a lease is good. */
  public ttl = 3_600_000;

  constructor(private readonly clock: Clock = Date.now) {}

  /** Told of each call, and may stop it. */
  public before: (call: string, run: BrokerRun) => Promise<void> = () => Promise.resolve();

  /** Leases that somebody could still spend. */
  public live(run: string): string[] {
    return [...this.issued].filter(([id, name]) => name.startsWith(`${run}/`) && !this.revoked.has(id)).map(([id]) => id);
  }

  public async issue(run: BrokerRun, name: string): Promise<IssueResponse> {
    await this.before(`issue ${name}`, run);
    const leaseId = `lease-${run.name}-${name.toLowerCase().replaceAll('_', '-')}`;
    this.issued.set(leaseId, `${run.name}/${name}`);
    return {
      value: `${BEARERS.credential}-${run.name}-${name}`, leaseId, expiresAt: this.expiry(), provider: 'UserSuppliedSecret', deliveryMode: 'ProxyInjected', hosts: ['api.example.com'],
    };
  }

  public async issueEgress(run: BrokerRun): Promise<IssueEgressResponse> {
    await this.before('issue-egress', run);
    return { value: `${BEARERS.egress}-${run.name}`, expiresAt: this.expiry() };
  }

  public async renew(run: BrokerRun, names: readonly string[]): Promise<RenewResponse> {
    await this.before('renew', run);
    return { leases: names.map((name) => ({ name, leaseId: `lease-${run.name}-${name.toLowerCase().replaceAll('_', '-')}`, expiresAt: this.expiry() })) };
  }

  public async revoke(run: BrokerRun, { leaseId }: { readonly leaseId: string }): Promise<void> {
    await this.before(`revoke ${leaseId}`, run);
    this.revoked.add(leaseId);
  }

  private expiry(): string {
    return new Date(this.clock() + this.ttl).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}
