import { isSameAddress } from './client-address';
import { Proof, proofOf } from './egress-token';
import { EgressProof, RUN_HEADER } from '../../../../src/protocol/broker-api';
import type { Clock } from '../../server/time/clock';
import type { Audit } from '../audit/audit-event';
import { record } from '../audit/audited';
import { Endpoint, mayActFor } from '../callers/authorize';
import { about, Actor, Asker } from '../callers/entrance';
import { presentSubject, sessionRun, Subject } from '../callers/subject';
import type { Catalog, CatalogRun } from '../catalog/catalog';
import type { RunName } from '../catalog/run-name';
import { isRevoked } from '../leases/lease';
import type { OpenBearer } from '../leases/opened-bearers';
import { refuse } from '../refuse';
import type { Revocations } from '../revocations/revocations';

export interface ProofDeps {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly revocations: Revocations;
  readonly openBearer: OpenBearer;
  /** For refusals that a client can cause without end: one record in a while stands for all. */
  readonly repeated: Pick<Audit, 'write'>;
}

/**
 * On whose behalf a caller acts that is not the run itself. The seal makes the name true; whoever found the token
 * is stopped by what it is bound to, and that is recorded, as it is a sign of theft.
 */
export async function provenActor(
  deps: ProofDeps, endpoint: Endpoint, { caller, named, unproven }: Asker, { egressToken, clientAddress }: EgressProof,
): Promise<Actor> {
  if (egressToken === undefined && named === undefined) throw refuse('BadRequest', `header ${RUN_HEADER} is required, or egressToken in the body`);
  if (egressToken === undefined) throw forbidden(`capability ${endpoint} needs an egressToken, which says for whom`);
  const proof = await shownProof(deps, egressToken);
  const { subject } = proof;
  const run = { namespace: subject.namespace, name: subject.run };
  const session = subject.session === undefined ? undefined : sessionRun(subject, subject.session, proof.notAfter);
  const acted = session === undefined ? {} : { session };
  const present = presentSubject(deps.catalog.snapshot(), deps.revocations, { run, ...acted });
  // The endpoint may look once more, and find a later run of that name.
  const actor: Actor = { caller, run: { ...run, uid: subject.runUid }, ...acted };
  // The entrance has let the caller act for it.
  const isNamedRun = session === undefined && named !== undefined && !unproven;
  const leaveProblem = nameProblem(subject, named) ?? (isNamedRun ? undefined : kindProblem(endpoint, actor));
  const problem = leaveProblem ?? bindingProblem(proof, present) ?? addressProblem(endpoint, present, clientAddress);
  if (problem === undefined) return actor;
  const kind = endpoint === 'validate-egress' ? 'egress-block' : 'credential-denied';
  await record(deps.repeated, { decision: 'denied', kind, ...about(actor), reason: `Forbidden: ${problem}` });
  throw forbidden(problem);
}

/** Those that a run's own traffic causes; what the controller asks for a session comes from the controller. */
const BOUND_TO_ADDRESS: ReadonlySet<Endpoint> = new Set<Endpoint>(['validate-egress', 'substitute-auth']);

/** Why a token is none is told to nobody, as with bearers. */
async function shownProof({ catalog, clock, openBearer }: ProofDeps, token: string): Promise<Proof> {
  const renewals = ({ namespace, run }: Subject) => catalog.snapshot().run(namespace, run)?.leaseExpiries;
  const proof = proofOf(await openBearer(token), renewals);
  if (proof === undefined) throw forbidden('the egress token is not one of this broker');
  if (clock() >= proof.until) throw forbidden('the egress token has expired');
  return proof;
}

function nameProblem({ namespace, run, runUid }: Subject, named: RunName | undefined): string | undefined {
  const isSame = named === undefined || (named.namespace === namespace && named.name === run && (named.uid ?? runUid) === runUid);
  return isSame ? undefined : 'the headers name another run than the egress token';
}

function kindProblem(endpoint: Endpoint, { caller, session }: Actor): string | undefined {
  const kind = session === undefined ? 'runs' : 'sessions';
  return mayActFor(endpoint, caller, kind) ? undefined : `the caller may not use ${endpoint} for ${kind}`;
}

/** A run that is not there is left to the endpoint, each of which says so in its own way. */
function bindingProblem({ subject, leaseId }: Proof, present: CatalogRun | undefined): string | undefined {
  if (present === undefined) return undefined;
  if (present.uid !== subject.runUid) return 'the egress token belongs to another run';
  return leaseId !== undefined && isRevoked(present.revokedLeases, leaseId) ? 'the lease of the egress token is revoked' : undefined;
}

/** While no address of the pod is known there is nothing to compare with. */
function addressProblem(endpoint: Endpoint, present: CatalogRun | undefined, clientAddress: string | undefined): string | undefined {
  const known = present?.podIps ?? [];
  if (known.length === 0 || !BOUND_TO_ADDRESS.has(endpoint)) return undefined;
  if (clientAddress === undefined) return 'clientAddress must be there: the addresses of the pod are known';
  return known.some((ip) => isSameAddress(ip, clientAddress)) ? undefined : 'clientAddress is not an address of the pod';
}

function forbidden(message: string): Error {
  return refuse('Forbidden', message);
}
