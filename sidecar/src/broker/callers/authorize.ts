import type { Caller } from './caller';
import type { Capability, SubjectKind } from '../../../../src/protocol/broker-api';
import { ownAccount } from '../../../../src/protocol/names';
import type { CatalogRun } from '../catalog/catalog';
import type { RunName } from '../catalog/run-name';

/** What a caller wants to do; the names of the endpoints are those of the capabilities. */
export type Endpoint = Capability;

/** Endpoints that no run uses for itself. */
const DEPUTIES_ONLY: ReadonlySet<Endpoint> = new Set<Endpoint>(['issue-egress', 'revoke']);

/** Capabilities that count only together with proof of the run, in the additive field `egressToken`. */
const NEEDS_PROOF: ReadonlySet<Endpoint> = new Set<Endpoint>(['validate-egress', 'substitute-auth']);

/** Endpoints that hand out something to spend, so that it counts on whose behalf. */
const BOUND_TO_SUBJECTS: ReadonlySet<Endpoint> = new Set<Endpoint>(['issue', 'issue-egress']);

/** Whether a caller with the capability may use the endpoint for subjects of this kind. */
export function mayActFor(endpoint: Endpoint, { subjects }: Caller, kind: SubjectKind): boolean {
  return !BOUND_TO_SUBJECTS.has(endpoint) || (subjects === undefined ? kind === 'runs' : subjects.has(kind));
}

/** Whether the caller is the run: by its ServiceAccount, or because it speaks from the run's pod. A label would prove nothing. */
export function isRunItself(caller: Caller, run: RunName, known: CatalogRun | undefined): boolean {
  if (caller.namespace !== run.namespace) return false;
  if (caller.serviceAccount === ownAccount(run.name)) return true;
  return caller.podUid !== undefined && caller.podUid === known?.podUid;
}

/** Whether nobody may use the endpoint but callers with its capability, of which this is none. */
export function lacksCapability(endpoint: Endpoint, caller: Caller): boolean {
  return DEPUTIES_ONLY.has(endpoint) && !caller.capabilities.has(endpoint);
}

/** Whether the caller may do this for the run, as it is or only with proof. Says nothing about whether the run exists. */
export function leaveFor(endpoint: Endpoint, caller: Caller, run: RunName, known: CatalogRun | undefined): 'granted' | 'with-proof' | 'denied' {
  if (!DEPUTIES_ONLY.has(endpoint) && isRunItself(caller, run, known)) return 'granted';
  if (!caller.capabilities.has(endpoint)) return 'denied';
  // The name may be that of a session, which `issue` is shown a token of.
  if (!mayActFor(endpoint, caller, 'runs')) return endpoint === 'issue' ? 'with-proof' : 'denied';
  return NEEDS_PROOF.has(endpoint) ? 'with-proof' : 'granted';
}
