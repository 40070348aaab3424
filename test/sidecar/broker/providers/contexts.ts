import { createSecretKey } from 'node:crypto';
import type { ExchangeContext, GrantedRepository, IssueContext } from '../../../../sidecar/src/broker/providers/provider';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { HOUR, LEASE, RUN, secrets, T0 } from '../example-grants';

/** What a broker tells a provider, for tests of providers alone. */

export const ID_KEY = createSecretKey(Buffer.alloc(32, 7));

export function grantFor(kind: CredentialGrantSpec['provider']['kind'], more: Partial<CredentialGrantSpec['provider']> = {}): CredentialGrantSpec {
  return { name: 'API_KEY', provider: { kind, secretRef: { name: 'upstream', key: 'token' }, ...more } };
}

const NO_REPOSITORIES: readonly GrantedRepository[] = [];

export function issueContext(value: string | Buffer | undefined, more: Partial<IssueContext> = {}): IssueContext {
  const { run = RUN } = more;
  return {
    secrets: secrets(value),
    now: T0,
    idKey: ID_KEY,
    repositories: NO_REPOSITORIES,
    run,
    leaseId: `pat-${run.name.padStart(32, '0')}`,
    leaseUntil: T0 + HOUR,
    subjects: { run: (_, name) => (name === run.name ? run : { ...RUN, name, uid: `uid-${name}` }), isSessionRevoked: () => false },
    ...more,
  };
}

export function exchangeContext(value: string | Buffer | undefined, more: Partial<ExchangeContext> = {}): ExchangeContext {
  return { secrets: secrets(value), now: T0, idKey: ID_KEY, repositories: NO_REPOSITORIES, lease: LEASE, request: { host: 'api.example.com', port: 443 }, ...more };
}
