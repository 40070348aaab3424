import { requestedDestination } from './requested-destination';
import type { ValidateEgressRequest, ValidateEgressResponse } from '../../../../src/protocol/broker-api';
import { egressGrant, NamedPolicy } from '../../../../src/protocol/policy';
import { discoveryActive, isTerminal } from '../../../../src/protocol/resources';
import type { Audit } from '../audit-event';
import { AuditDraft, audited } from '../audited';
import type { BrokerDeps } from '../broker-deps';
import type { Destination } from '../destination';
import { needsSubstitution } from '../egress-scope';
import { about, Actor } from '../entrance';
import { applyingPolicies } from '../opening';

/** Longest time for which an answer may be used: the delay with which a revocation reaches an open connection. */
export const VALID_SECONDS = 10;

export type ValidateDeps = Pick<BrokerDeps, 'catalog' | 'clock'> & { readonly audit: Pick<Audit, 'write'> };

/** Whether a run may connect to a host and port. A refusal is an answer like any other here, not an error. */
export async function validateEgress(deps: ValidateDeps, actor: Actor, body: ValidateEgressRequest): Promise<ValidateEgressResponse> {
  const { audit, catalog, clock } = deps;
  const destination = requestedDestination(body);
  const snapshot = catalog.snapshot();
  return audited(audit, { decision: 'denied', kind: 'egress-block', ...about(actor), destination }, async (draft) => {
    const run = snapshot.run(actor.run.namespace, actor.run.name);
    if (run === undefined) return refused(draft, 'there is no such run');
    if (isTerminal(run.phase)) return refused(draft, 'the run is over');
    const policies = applyingPolicies(snapshot, run);
    return granted(draft, policies, destination) ?? discovered(draft, policies, clock()) ?? refused(draft, 'no egress grant covers the destination');
  });
}

function granted(draft: AuditDraft, policies: readonly NamedPolicy[], destination: Destination): ValidateEgressResponse | undefined {
  const covering = egressGrant(policies, destination.host, destination.port);
  if (covering === undefined) return undefined;
  Object.assign(draft, { decision: 'granted', kind: 'egress-allow', matchedPolicy: covering.policy } satisfies Partial<AuditDraft>);
  return {
    allowed: true,
    matchedPolicy: covering.policy,
    ...(needsSubstitution(policies, destination) ? { substituteAuth: true } : {}),
    validForSeconds: VALID_SECONDS,
  };
}

/** An open discovery window of any policy lets out what no grant covers. Credentials never go there. */
function discovered(draft: AuditDraft, policies: readonly NamedPolicy[], now: number): ValidateEgressResponse | undefined {
  const ends = policies.filter(({ spec }) => discoveryActive(spec, now)).map(({ spec }) => Date.parse(spec.egressDiscovery!.expiresAt));
  if (ends.length === 0) return undefined;
  Object.assign(draft, { decision: 'granted', kind: 'egress-discovery-allow' } satisfies Partial<AuditDraft>);
  const left = Math.floor((Math.max(...ends) - now) / 1000);
  return { allowed: true, discoveryAllow: true, validForSeconds: Math.min(VALID_SECONDS, left) };
}

function refused(draft: AuditDraft, reason: string): ValidateEgressResponse {
  draft.reason = reason;
  return { allowed: false, reason };
}
