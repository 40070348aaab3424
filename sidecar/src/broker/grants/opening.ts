import type { Destination } from './destination';
import { coveringGrant, RequestLine } from './egress-scope';
import type { NamedTemplate } from '../../../../src/protocol/broker-api';
import { hostCovers } from '../../../../src/protocol/hosts';
import { credentialGrant, CredentialGrantSpec, EgressGrantSpec, Granted, isSameTemplate, NamedPolicy, policiesFor, secretNames, TemplateIdentity } from '../../../../src/protocol/policy';
import { ENV_NAME_PATTERN } from '../../../../src/protocol/reserved-env';
import { credentialHosts, isTerminal } from '../../../../src/protocol/resources';
import type { Opened } from '../../crypto/sealed-token';
import type { CatalogRun, Snapshot } from '../catalog/catalog';
import type { RunName } from '../catalog/run-name';
import { isRevoked, LeaseClaims, leaseExpiry, leaseOf } from '../leases/lease';
import { refuse } from '../refuse';

/** A bearer and everything it is judged by. */
export interface Attempt {
  readonly opened: Opened;
  /** The run that the request is made for. */
  readonly run: RunName;
  /** That run as the catalog knows it. */
  readonly known: CatalogRun | undefined;
  /** Policies that apply to the run's template: `applyingPolicies`. */
  readonly policies: readonly NamedPolicy[];
  readonly destination: Destination;
  readonly line: RequestLine;
  readonly now: number;
  /** Lease id to the time its lease was renewed to, in milliseconds. */
  readonly renewals?: ReadonlyMap<string, number>;
}

/** A bearer that may be exchanged, and by whose leave. */
export interface Admission {
  readonly lease: LeaseClaims;
  readonly run: CatalogRun;
  readonly credential: Granted<CredentialGrantSpec>;
  readonly egress: Granted<EgressGrantSpec>;
}

/**
 * Decides whether a bearer may be exchanged; throws the first reason why not. The bearer alone proves little: run, grants
 * and revocations are asked each time. The order is part of the API, as clients tell the refusals apart.
 */
export function admit({ opened, run, known, policies, destination, line, now, renewals }: Attempt): Admission {
  const lease = sealedLease(opened);
  refuseExpired(lease, now, renewals?.get(lease.leaseId));
  const present = boundRun(lease, run, known);
  refuseRevoked(lease, present);
  refuseEnded(present);
  const credential = standingGrant(lease, policies);
  const egress = egressLeave(policies, destination, line);
  refuseOtherHost(lease, credential.grant, destination);
  return { lease, run: present, credential, egress };
}

/** The policies that apply to a run, by name. None without template: what cannot be looked up is not granted. */
export function applyingPolicies(snapshot: Snapshot, run: CatalogRun): readonly NamedPolicy[] {
  const identity = judgedTemplate(snapshot, run);
  if (identity === undefined) return [];
  const policies = snapshot.policies(run.namespace);
  const known = matched.get(policies)?.get(identity);
  if (known !== undefined) return known;
  const applying = policiesFor(policies, identity);
  matched.set(policies, (matched.get(policies) ?? new WeakMap()).set(identity, applying));
  return applying;
}

/** By what a run is judged: what its pod was made of, as its template may have been changed since. */
function judgedTemplate(snapshot: Snapshot, run: CatalogRun): TemplateIdentity | undefined {
  return run.template ?? snapshot.template(run)?.identity;
}

/**
 * Who makes the pod may have seen the template before or after a change that the broker has not, or not yet: what is granted to
 * the one must not get into a pod of the other. What the request says is not repeated.
 */
export function refuseOtherTemplate(snapshot: Snapshot, run: CatalogRun, named: NamedTemplate | undefined): void {
  const judged = judgedTemplate(snapshot, run);
  if (named === undefined || judged === undefined || isSameTemplate(named, judged)) return;
  const { kind, name, imageDigest = 'without a pinned image' } = judged;
  throw refuse('CredentialNotFound', `template must be the one of the run, which is ${kind} ${name} ${imageDigest}`);
}

/** What was worked out, for as long as a snapshot holds this list of policies and this template: neither ever changes. */
const matched = new WeakMap<readonly NamedPolicy[], WeakMap<TemplateIdentity, readonly NamedPolicy[]>>();

/** The run that somebody asks something for. */
export function requiredRun(known: CatalogRun | undefined, { namespace, name }: RunName): CatalogRun {
  if (known === undefined) throw refuse('RunNotFound', `there is no run ${namespace}/${name}`);
  return known;
}

/** The grant of a credential to a run. */
export function requiredGrant(snapshot: Snapshot, run: CatalogRun, name: string): Granted<CredentialGrantSpec> {
  const granted = credentialGrant(applyingPolicies(snapshot, run), name);
  if (granted === undefined) throw refuse('PolicyMissing', `no policy of the run's template grants credential ${recordedName(name)}`);
  return granted;
}

/** A credential's name as records show it. What could name none is something else, which the client sent by mistake. */
export function recordedName(name: string): string {
  return CREDENTIAL_NAME.test(name) ? name : '(malformed)';
}

const CREDENTIAL_NAME = new RegExp(ENV_NAME_PATTERN);

/** The run whose bearer is spent, if it is there. */
export function presentRun(known: CatalogRun | undefined): CatalogRun {
  if (known === undefined) throw refuse('RunTerminated', 'there is no such run', { status: 404 });
  return known;
}

/** A run that is over has no leases, whether anybody revoked them or not. */
export function refuseEnded({ phase }: CatalogRun): void {
  if (isTerminal(phase)) throw refuse('RunTerminated', `the run is over: ${phase}`, { status: 403 });
}

/**
 * A run must not read, as its prompt, what it may only spend. Any policy of the namespace counts, for whatever template:
 * the Secret is one that somebody wanted no agent to see.
 */
export function refuseGrantedPrompt(snapshot: Snapshot, { namespace, promptSecret }: CatalogRun): void {
  const isGranted = promptSecret !== undefined && snapshot.policies(namespace).some(({ spec }) => secretNames(spec).includes(promptSecret));
  if (isGranted) throw refuse('Forbidden', `the run takes its prompt from Secret ${promptSecret}, which a policy grants`);
}

/** The grant by which the request may leave at all. */
export function egressLeave(policies: readonly NamedPolicy[], destination: Destination, line: RequestLine): Granted<EgressGrantSpec> {
  const leave = coveringGrant(policies, destination, line);
  // Also for a method or path that no grant covers: what is missing is leave to go out, not a host of the lease.
  if (leave === undefined) throw refuse('EgressRevoked', `no egress grant covers this request to ${destination.host}:${destination.port}`);
  return leave;
}

/** Why a bearer does not open is told to nobody: it would tell a forger how far he got. */
function sealedLease(opened: Opened): LeaseClaims {
  const lease = leaseOf(opened);
  if (lease === undefined) throw refuse('BearerUnknown', 'the bearer is not one of this broker');
  return lease;
}

function refuseExpired(lease: LeaseClaims, now: number, renewedUntil: number | undefined): void {
  if (now >= leaseExpiry(lease, renewedUntil)) throw refuse('SubstituteFailed', 'the lease has expired');
}

/** A name can be taken again by a later run; the UID cannot. */
function boundRun(lease: LeaseClaims, { namespace, name }: RunName, known: CatalogRun | undefined): CatalogRun {
  const foreign = 'the bearer belongs to another run';
  if (lease.namespace !== namespace || lease.run !== name) throw refuse('SubstituteFailed', foreign);
  const present = presentRun(known);
  if (lease.runUid !== present.uid) throw refuse('SubstituteFailed', foreign);
  return present;
}

function refuseRevoked({ leaseId }: LeaseClaims, { revokedLeases }: CatalogRun): void {
  if (isRevoked(revokedLeases, leaseId)) throw refuse('PolicyRevoked', `lease ${leaseId} is revoked`);
}

function standingGrant({ credential, provider }: LeaseClaims, policies: readonly NamedPolicy[]): Granted<CredentialGrantSpec> {
  const granted = credentialGrant(policies, credential);
  if (granted === undefined) throw refuse('PolicyRevoked', `no policy grants credential ${credential} any more`);
  if (granted.grant.provider.kind !== provider) throw refuse('PolicyRevoked', `credential ${credential} has another provider now`);
  return granted;
}

function refuseOtherHost({ hosts, credential }: LeaseClaims, grant: CredentialGrantSpec, { host }: Destination): void {
  if (!hosts.some((leased) => hostCovers(leased, host))) throw refuse('HostNotAllowed', `the lease on credential ${credential} is not for ${host}`);
  // The lease remembers the grant as it was; a host taken from it since is gone.
  if (!credentialHosts(grant).some((granted) => hostCovers(granted, host))) throw refuse('PolicyRevoked', `credential ${credential} is not for ${host} any more`);
}
