import type { CatalogRun } from '../../../sidecar/src/broker/catalog/catalog';
import type { LeaseClaims } from '../../../sidecar/src/broker/leases/lease';
import type { SecretReader } from '../../../sidecar/src/broker/providers/provider';
import type { CredentialGrantSpec, EgressGrantSpec, NamedPolicy } from '../../../src/protocol/policy';

/** Grants, runs and leases of one team, for tests of what is decided about them. */

export const T0 = Date.UTC(2026, 4, 4, 9);
export const HOUR = 60 * 60 * 1000;

/** Stands for a credential; no message may ever contain it. */
export const PLANTED = 'planted-credential-0xC0FFEE';

type Delivery = NonNullable<CredentialGrantSpec['provider']['deliveryMode']>;
type Proxied = NonNullable<Delivery['proxyInjected']>;

export function grantOf(deliveryMode: Delivery | undefined, more: Partial<CredentialGrantSpec['provider']> = {}): CredentialGrantSpec {
  return { name: 'API_KEY', provider: { kind: 'UserSuppliedSecret', secretRef: { name: 'upstream', key: 'token' }, ...more, ...(deliveryMode && { deliveryMode }) } };
}

export function proxied(carrier: Omit<Proxied, 'hosts'>, hosts = ['api.example.com']): CredentialGrantSpec {
  return grantOf({ proxyInjected: { hosts, ...carrier } });
}

export const BEARER_GRANT = proxied({ header: { name: 'Authorization', valuePrefix: 'Bearer ' } });

export function inContainer(more: Partial<CredentialGrantSpec['provider']> = {}): CredentialGrantSpec {
  return grantOf({ inContainer: { accepted: true, reason: 'the client signs with it, so no proxy can' } }, more);
}

export function policy(credentials: readonly CredentialGrantSpec[], egress: readonly EgressGrantSpec[], name = 'p1'): NamedPolicy {
  return { name, spec: { appliesToTemplates: ['*'], grants: { credentials, egress } } };
}

export function secrets(value: string | Buffer | undefined): SecretReader {
  return async (secret, key) => (secret === 'upstream' && key === 'token' && value !== undefined ? Buffer.from(value) : undefined);
}

/** No repositories, and no runs beside the one that asks. */
export const ALONE = { repositories: [], subjects: { run: () => undefined, isSessionRevoked: () => false } };

export const RUN: CatalogRun = { namespace: 'team-a', name: 'r1', uid: 'uid-1', phase: 'Running', templateRef: { name: 'coder' }, revokedLeases: [] };

export const LEASE: LeaseClaims = {
  v: 1,
  leaseId: `uss-${'0'.repeat(32)}`,
  namespace: 'team-a',
  run: 'r1',
  runUid: 'uid-1',
  credential: 'API_KEY',
  provider: 'UserSuppliedSecret',
  hosts: ['api.example.com'],
  issuedAt: T0,
  ttl: HOUR,
  notAfter: T0 + 24 * HOUR,
};

/** What a refusal says: code, status and message in one text. */
export async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    const { code, status, message } = error as { code?: string; status?: number; message: string };
    return `${code} ${status} ${message}`;
  }
  return 'none';
}
