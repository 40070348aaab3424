import { requestedDestination } from './requested-destination';
import type { ValidateEgressRequest, ValidateEgressResponse } from '../../../../src/protocol/broker-api';
import type { NamedPolicy } from '../../../../src/protocol/policy';
import { discoveryActive, isTerminal } from '../../../../src/protocol/resources';
import type { Audit } from '../audit/audit-event';
import { AuditDraft, audited } from '../audit/audited';
import type { BrokerDeps } from '../broker-deps';
import { about, Actor } from '../callers/entrance';
import { presentSubject } from '../callers/subject';
import { confirmed } from '../grants/confirmed';
import type { Destination } from '../grants/destination';
import { grantsTo, needsSubstitution } from '../grants/egress-scope';
import { applyingPolicies } from '../grants/opening';

/** Longest time for which an answer may be used: the delay with which a revocation reaches an open connection. */
export const VALID_SECONDS = 10;

export type ValidateDeps = Pick<BrokerDeps, 'catalog' | 'clock' | 'revocations'> & { readonly audit: Pick<Audit, 'write'> };

/** An answer, and what its record says. */
interface Decided {
  readonly answer: ValidateEgressResponse;
  readonly recorded: Partial<AuditDraft>;
}

/** Whether a run may connect to a host and port. A refusal is an answer like any other here, not an error. */
export async function validateEgress(deps: ValidateDeps, actor: Actor, body: ValidateEgressRequest): Promise<ValidateEgressResponse> {
  const { audit, catalog, clock, revocations } = deps;
  const destination = requestedDestination(body);
  const { answer, auditId } = await audited(audit, { decision: 'denied', kind: 'egress-block', ...about(actor), destination }, async (draft) => {
    const decided = await confirmed(catalog, actor, (snapshot) => {
      const run = presentSubject(snapshot, revocations, actor);
      if (run === undefined) return refused('there is no such run');
      if (isTerminal(run.phase)) return refused('the run is over');
      const policies = applyingPolicies(snapshot, run);
      return granted(policies, destination) ?? discovered(policies, clock()) ?? refused('no egress grant covers the destination');
    }, ({ answer: { allowed } }) => !allowed);
    Object.assign(draft, decided.recorded);
    return decided.answer;
  });
  return { ...answer, auditId };
}

function granted(policies: readonly NamedPolicy[], destination: Destination): Decided | undefined {
  const [covering] = grantsTo(policies, destination);
  if (covering === undefined) return undefined;
  const answer = {
    allowed: true,
    matchedPolicy: covering.policy,
    ...(needsSubstitution(policies, destination) ? { substituteAuth: true } : {}),
    validForSeconds: VALID_SECONDS,
  };
  return { answer, recorded: { decision: 'granted', kind: 'egress-allow', matchedPolicy: covering.policy } };
}

/** An open discovery window of any policy lets out what no grant covers. Credentials never go there. */
function discovered(policies: readonly NamedPolicy[], now: number): Decided | undefined {
  const ends = policies.filter(({ spec }) => discoveryActive(spec, now)).map(({ spec }) => Date.parse(spec.egressDiscovery!.expiresAt));
  if (ends.length === 0) return undefined;
  const left = Math.floor((Math.max(...ends) - now) / 1000);
  const answer = { allowed: true, discoveryAllow: true, validForSeconds: Math.min(VALID_SECONDS, left) };
  return { answer, recorded: { decision: 'granted', kind: 'egress-discovery-allow' } };
}

function refused(reason: string): Decided {
  return { answer: { allowed: false, reason }, recorded: { reason } };
}
