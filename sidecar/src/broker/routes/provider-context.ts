import type { NamedPolicy } from '../../../../src/protocol/policy';
import type { BrokerDeps } from '../broker-deps';
import { presentSubject } from '../callers/subject';
import type { CatalogRun, Snapshot } from '../catalog/catalog';
import type { IssueContext, ProviderContext } from '../providers/provider';

type ContextDeps = Pick<BrokerDeps, 'catalog' | 'clock' | 'keyring' | 'revocations'>;

/** What a provider is told about a run and the policy that grants it the credential. */
export function providerContext(
  { catalog, clock, keyring }: Pick<ContextDeps, 'catalog' | 'clock' | 'keyring'>, { namespace }: CatalogRun, policies: readonly NamedPolicy[], policy: string,
): ProviderContext {
  return {
    secrets: (secret, key) => catalog.secret(namespace, secret, key),
    now: clock(),
    idKey: keyring.idKey,
    repositories: policies.find(({ name }) => name === policy)?.spec.grants.gitRepos ?? [],
  };
}

/** The same, with everything that leases of other runs are judged by. */
export function issueContext(deps: ContextDeps, snapshot: Snapshot, run: CatalogRun, policy: string): Omit<IssueContext, 'leaseId' | 'leaseUntil'> {
  const { revocations } = deps;
  return {
    ...providerContext(deps, run, snapshot.policies(run.namespace), policy),
    run,
    subjects: {
      run: (namespace, name) => presentSubject(snapshot, revocations, { run: { namespace, name } }),
      isSessionRevoked: (id) => revocations.isSessionRevoked(id),
    },
  };
}
