import { issueContext } from './provider-context';
import { requiredProvider } from './required-provider';
import type { RefusedRenewal, RenewedLease, RenewRequest, RenewResponse } from '../../../../src/protocol/broker-api';
import { credentialGrant } from '../../../../src/protocol/policy';
import { ApiError } from '../../server/http/errors';
import { AuditDraft, audited } from '../audit/audited';
import type { BrokerDeps } from '../broker-deps';
import { about, Actor } from '../callers/entrance';
import { presentSubject } from '../callers/subject';
import type { CatalogRun, Snapshot } from '../catalog/catalog';
import { confirmed } from '../grants/confirmed';
import { renewLease } from '../grants/issuing';
import { applyingPolicies, recordedName, refuseEnded, requiredGrant, requiredRun } from '../grants/opening';

/** One view for all leases of a request. */
interface View {
  readonly snapshot: Snapshot;
  readonly run: CatalogRun;
}

/**
 * Says until when leases may go on. It changes nothing: an expiry counts once the operator has written it to the run's
 * status. One lease that may not go on does not stop the others.
 */
export async function renew(deps: BrokerDeps, actor: Actor, { names }: RenewRequest): Promise<RenewResponse> {
  const view = await confirmed(deps.catalog, actor, (snapshot) => {
    const run = requiredRun(presentSubject(snapshot, deps.revocations, actor), actor.run);
    refuseEnded(run);
    return { snapshot, run };
  });
  const leases: RenewedLease[] = [];
  const refused: RefusedRenewal[] = [];
  for (const name of names.filter((one) => !isHandedOut(view, one))) {
    try {
      leases.push(await renewed(deps, actor, view, name));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code === 'AuditUnavailable') throw error;
      refused.push({ name, code: error.code });
    }
  }
  return { leases, ...(refused.length === 0 ? {} : { refused }) };
}

async function renewed(deps: BrokerDeps, actor: Actor, { snapshot, run }: View, name: string): Promise<RenewedLease> {
  const denied: AuditDraft = { decision: 'denied', kind: 'credential-renewal-failed', ...about(actor), credential: { name: recordedName(name) } };
  const { answer } = await audited(deps.audit, denied, async (draft) => {
    const { policy, grant } = requiredGrant(snapshot, run, name);
    draft.credential = { name, provider: grant.provider.kind };
    const provider = requiredProvider(deps, grant);
    const lease = await renewLease({ ...issueContext(deps, snapshot, run, policy), keyring: deps.keyring, provider, grant });
    const reason = `lease ${lease.leaseId} may go on until ${lease.expiresAt}`;
    Object.assign(draft, { decision: 'granted', kind: 'credential-renewed', matchedPolicy: policy, reason } satisfies Partial<AuditDraft>);
    return { name, ...lease };
  });
  return answer;
}

/** The credential itself is in the container: no expiry of ours changes what it can do there. */
function isHandedOut({ snapshot, run }: View, name: string): boolean {
  return credentialGrant(applyingPolicies(snapshot, run), name)?.grant.provider.deliveryMode?.inContainer !== undefined;
}
