import { requiredProvider } from './required-provider';
import type { IssueRequest, IssueResponse } from '../../../../src/protocol/broker-api';
import { credentialGrant, CredentialGrantSpec, Granted } from '../../../../src/protocol/policy';
import { ENV_NAME_PATTERN } from '../../../../src/protocol/reserved-env';
import { AuditDraft, audited } from '../audited';
import type { BrokerDeps } from '../broker-deps';
import type { CatalogRun, CatalogTemplate, Snapshot } from '../catalog';
import { about, Actor } from '../entrance';
import { issueLease } from '../issuing';
import { applyingPolicies, refuseEnded } from '../opening';
import { refuse } from '../refuse';

const CREDENTIAL_NAME = new RegExp(ENV_NAME_PATTERN);

/**
 * Hands a run a credential that its template requires and a policy grants. The order of the checks is part of the
 * API: clients tell by the first code whether asking again makes sense.
 */
export async function issue(deps: BrokerDeps, actor: Actor, { name }: IssueRequest): Promise<IssueResponse> {
  const { audit, catalog, clock, keyring } = deps;
  const snapshot = catalog.snapshot();
  return audited(audit, { decision: 'denied', kind: 'credential-denied', ...about(actor), credential: { name: recordedName(name) } }, async (draft) => {
    const run = requiredRun(snapshot, actor);
    refuseEnded(run);
    requireCredential(requiredTemplate(snapshot, run), name);
    const { policy, grant } = requiredGrant(snapshot, run, name);
    draft.credential = { name, provider: grant.provider.kind };
    const provider = requiredProvider(deps, grant);
    const secrets = (secret: string, key: string) => catalog.secret(run.namespace, secret, key);
    const lease = await issueLease({ keyring, provider, run, grant, secrets, now: clock() });
    Object.assign(draft, { decision: 'granted', kind: 'credential-issued', matchedPolicy: policy, reason: `issued lease ${lease.leaseId}` } satisfies Partial<AuditDraft>);
    return lease;
  });
}

/** The name as the record shows it. What could name no credential is something else, which the client sent by mistake. */
function recordedName(name: string): string {
  return CREDENTIAL_NAME.test(name) ? name : '(malformed)';
}

function requiredRun(snapshot: Snapshot, { run: { namespace, name } }: Actor): CatalogRun {
  const run = snapshot.run(namespace, name);
  if (run === undefined) throw refuse('RunNotFound', `there is no run ${namespace}/${name}`);
  return run;
}

function requiredTemplate(snapshot: Snapshot, run: CatalogRun): CatalogTemplate {
  const template = snapshot.template(run);
  if (template === undefined) throw refuse('ProviderFailure', `template ${run.templateRef.name} of the run, or its base, is not there`);
  return template;
}

function requireCredential({ spec, identity }: CatalogTemplate, name: string): void {
  const required = spec.requires?.credentials?.some((credential) => credential.name === name) === true;
  // The name comes from the client and is not repeated: whatever it sent by mistake would be in the log.
  if (!required) throw refuse('CredentialNotFound', `template ${identity.name} does not require a credential of that name`);
}

function requiredGrant(snapshot: Snapshot, run: CatalogRun, name: string): Granted<CredentialGrantSpec> {
  const granted = credentialGrant(applyingPolicies(snapshot, run), name);
  if (granted === undefined) throw refuse('PolicyMissing', `no policy of the run's template grants credential ${name}`);
  return granted;
}
