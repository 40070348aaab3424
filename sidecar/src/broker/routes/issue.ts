import { issueContext } from './provider-context';
import { requiredProvider } from './required-provider';
import type { IssueRequest, IssueResponse } from '../../../../src/protocol/broker-api';
import { AuditDraft, audited } from '../audit/audited';
import type { BrokerDeps } from '../broker-deps';
import { about, Actor } from '../callers/entrance';
import { presentSubject } from '../callers/subject';
import type { CatalogRun, CatalogTemplate, Snapshot } from '../catalog/catalog';
import { confirmed } from '../grants/confirmed';
import { issueLease } from '../grants/issuing';
import { recordedName, refuseEnded, refuseGrantedPrompt, refuseOtherTemplate, requiredGrant, requiredRun } from '../grants/opening';
import { refuse } from '../refuse';
import type { Revocations } from '../revocations/revocations';

/**
 * Hands a run a credential that its template requires and a policy grants. The order of the checks is part of the
 * API: clients tell by the first code whether asking again makes sense.
 */
export async function issue(deps: BrokerDeps, actor: Actor, { name, template }: IssueRequest): Promise<IssueResponse> {
  const { audit, catalog, keyring, revocations } = deps;
  const { answer } = await audited(audit, { decision: 'denied', kind: 'credential-denied', ...about(actor), credential: { name: recordedName(name) } }, async (draft) => {
    const { snapshot, run, policy, grant } = await confirmed(catalog, actor, (present) => judged(present, revocations, actor, { name, template }));
    draft.credential = { name, provider: grant.provider.kind };
    const provider = requiredProvider(deps, grant);
    const lease = await issueLease({ ...issueContext(deps, snapshot, run, policy), keyring, provider, grant, session: actor.session?.sealed });
    Object.assign(draft, { decision: 'granted', kind: 'credential-issued', matchedPolicy: policy, reason: `issued lease ${lease.leaseId}` } satisfies Partial<AuditDraft>);
    return lease;
  });
  return answer;
}

function judged(snapshot: Snapshot, revocations: Revocations, actor: Actor, { name, template }: IssueRequest) {
  const run = requiredRun(presentSubject(snapshot, revocations, actor), actor.run);
  refuseEnded(run);
  refuseGrantedPrompt(snapshot, run);
  const present = requiredTemplate(snapshot, run);
  refuseOtherTemplate(snapshot, run, template);
  requireCredential(present, name);
  return { snapshot, run, ...requiredGrant(snapshot, run, name) };
}

function requiredTemplate(snapshot: Snapshot, run: CatalogRun): CatalogTemplate {
  const template = snapshot.template(run);
  if (run.templateRef.name === '') throw refuse('CredentialNotFound', 'the session has no template, so it requires no credential');
  if (template === undefined) throw refuse('ProviderFailure', `template ${run.templateRef.name} of the run, or its base, is not there`);
  return template;
}

function requireCredential({ spec, identity }: CatalogTemplate, name: string): void {
  const required = spec.requires?.credentials?.some((credential) => credential.name === name) === true;
  // The name comes from the client and is not repeated: whatever it sent by mistake would be in the log.
  if (!required) throw refuse('CredentialNotFound', `template ${identity.name} does not require a credential of that name`);
}
