import { providerContext } from './provider-context';
import { requestedDestination } from './requested-destination';
import { requiredProvider } from './required-provider';
import type { SubstituteAuthRequest, SubstituteAuthResponse } from '../../../../src/protocol/broker-api';
import type { NamedPolicy } from '../../../../src/protocol/policy';
import { AuditDraft, audited } from '../audit/audited';
import type { BrokerDeps } from '../broker-deps';
import { about, Actor } from '../callers/entrance';
import { presentSubject } from '../callers/subject';
import type { CatalogRun } from '../catalog/catalog';
import { confirmed } from '../grants/confirmed';
import type { Destination } from '../grants/destination';
import { admit, applyingPolicies, egressLeave, presentRun, refuseEnded } from '../grants/opening';
import { leaseOf } from '../leases/lease';
import type { OpenBearer } from '../leases/opened-bearers';
import { refuse } from '../refuse';
import { findSurrogate, refuseMisplaced, Sighting } from '../surrogates/carriers';
import { forwardExchanged, forwardPlain } from '../surrogates/forwarding';

/** What the recipe below needs, once for each server: bearers that were opened are remembered. */
export type SubstituteDeps = BrokerDeps & { readonly openBearer: OpenBearer };

/** One attempt to use the egress path. */
interface Request {
  readonly body: SubstituteAuthRequest;
  readonly destination: Destination;
  readonly actor: Actor;
}

/** What it is judged by. */
interface Present {
  readonly known: CatalogRun | undefined;
  readonly policies: readonly NamedPolicy[];
}

/** Exchanges the surrogate of a request for the credential. The bearer is judged anew each time: nothing about it is taken from its issue. */
export async function substituteAuth(deps: SubstituteDeps, actor: Actor, body: SubstituteAuthRequest): Promise<SubstituteAuthResponse> {
  const destination = requestedDestination(body);
  requireRequest(body);
  const { answer, auditId } = await audited(deps.audit, { decision: 'denied', kind: 'credential-denied', ...about(actor), destination }, async (draft) => {
    const request = { body, destination, actor };
    const sighting = findSurrogate(body);
    return sighting === undefined ? withoutSurrogate(deps, request, draft) : exchanged(deps, request, sighting, draft);
  });
  return { ...answer, auditId };
}

/** Judges by the run and its policies as they are. */
function judged<T>({ catalog, revocations }: SubstituteDeps, { actor }: Request, judge: (present: Present) => T): Promise<T> {
  return confirmed(catalog, actor, (snapshot) => {
    const known = presentSubject(snapshot, revocations, actor);
    return judge({ known, policies: known === undefined ? [] : applyingPolicies(snapshot, known) });
  });
}

async function exchanged(deps: SubstituteDeps, request: Request, sighting: Sighting, draft: AuditDraft): Promise<SubstituteAuthResponse> {
  const { body, destination, actor } = request;
  const opened = await deps.openBearer(sighting.token);
  // The seal makes the name true, also for a lease that is refused.
  const sealed = leaseOf(opened);
  if (sealed !== undefined) draft.credential = { name: sealed.credential, provider: sealed.provider };
  const admitted = () => judged(deps, request, ({ known, policies }) => ({
    policies,
    admission: admit({ opened, run: actor.run, known, policies, destination, line: body, now: deps.clock(), renewals: known?.leaseExpiries }),
  }));
  const { policies, admission: { credential: { grant, policy }, lease, run } } = await admitted();
  const provider = requiredProvider(deps, grant);
  refuseMisplaced(sighting, provider.carriers(grant));
  const exchange = await provider.exchange(grant, { ...providerContext(deps, run, policies, policy), lease, request: { ...body, ...destination } });
  // A provider may take seconds, and what is revoked or over by then gets nothing.
  await admitted();
  grantedAs(draft, 'credential-issued', policy, 'substituted');
  return forwardExchanged(body, sighting, exchange);
}

/** Git and others ask without credentials first. Such a request goes out as it is, where an egress grant lets it. */
async function withoutSurrogate(deps: SubstituteDeps, request: Request, draft: AuditDraft): Promise<SubstituteAuthResponse> {
  const { body, destination } = request;
  const { policy } = await judged(deps, request, ({ known, policies }) => {
    refuseEnded(presentRun(known));
    // Whoever shows only credentials wants them exchanged, and these are none of ours.
    if (!showsMore(body)) throw refuse('BearerUnknown', 'the bearer is not one of this broker');
    return egressLeave(policies, destination, body);
  });
  grantedAs(draft, 'egress-allow', policy, 'forwarded without credentials');
  return forwardPlain(body);
}

function grantedAs(draft: AuditDraft, kind: AuditDraft['kind'], matchedPolicy: string, reason: string): void {
  Object.assign(draft, { decision: 'granted', kind, matchedPolicy, reason } satisfies Partial<AuditDraft>);
}

/** The two fields of paddock's clients are the whole request unless more of it is shown. */
function requireRequest(body: SubstituteAuthRequest): void {
  const { incomingAuthorization = '', incomingXApiKey = '' } = body;
  if (incomingAuthorization !== '' || incomingXApiKey !== '' || showsMore(body)) return;
  throw refuse('BadRequest', 'incomingAuthorization, incomingXApiKey or headers must be there');
}

function showsMore({ headers, query, path }: SubstituteAuthRequest): boolean {
  return headers !== undefined || query !== undefined || path !== undefined;
}
