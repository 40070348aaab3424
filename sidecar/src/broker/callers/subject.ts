import type { SessionSubject } from '../../../../src/protocol/broker-api';
import type { CatalogRun, Snapshot } from '../catalog/catalog';
import type { RunName } from '../catalog/run-name';
import type { Revocations } from '../revocations/revocations';

/** On whose behalf tokens are sealed: a run, or a session of a pool, whose id stands in place of the run's name. */
export interface Subject {
  readonly namespace: string;
  readonly run: string;
  /** That of the run, or made of what a session is bound to. */
  readonly runUid: string;
  readonly session?: SealedSession;
}

/** What of a session is in no catalog, so that its tokens have to say it. */
export interface SealedSession {
  readonly podIps: readonly string[];
  readonly template?: string;
}

/** The subject of a run. */
export function runSubject({ namespace, name, uid }: CatalogRun): Subject {
  return { namespace, run: name, runUid: uid };
}

/** The subject of a session. No UID of a run has a blank in it, so neither can ever be taken for the other. */
export function sessionSubject({ namespace, pool, id, podUID, podIPs, template }: SessionSubject): Subject {
  return { namespace, run: id, runUid: `session ${pool} ${id} ${podUID}`, session: { podIps: podIPs, ...(template === undefined ? {} : { template }) } };
}

/** Whether claims name a subject. */
export function isSubject(claims: object): claims is Subject {
  const { namespace, run, runUid, session } = claims as Partial<Record<keyof Subject, unknown>>;
  return [namespace, run, runUid].every((text) => typeof text === 'string' && text !== '') && (session === undefined || isSealedSession(session));
}

function isSealedSession(value: unknown): value is SealedSession {
  if (typeof value !== 'object' || value === null) return false;
  const { podIps, template } = value as Partial<Record<keyof SealedSession, unknown>>;
  return Array.isArray(podIps) && podIps.every((ip) => typeof ip === 'string') && (template === undefined || typeof template === 'string');
}

/** A session in the place where a run of the catalog would be. */
export interface SessionRun extends CatalogRun {
  readonly sealed: SealedSession;
}

/** It has no phase, it ends with its token, and no template has an empty name, so that without one nothing is granted. */
export function sessionRun({ namespace, run, runUid }: Subject, sealed: SealedSession, notAfter: number): SessionRun {
  const { podIps, template = '' } = sealed;
  return { namespace, name: run, uid: runUid, phase: 'Running', templateRef: { name: template }, revokedLeases: [], podIps, deadline: notAfter, sealed };
}

/** Whose request it is. */
export interface ActedFor {
  readonly run: RunName;
  /** The session, in case it is one. */
  readonly session?: SessionRun;
}

/**
 * The run or session as it is now, with what this replica has just revoked; undefined when there is no such run, or another
 * one has its name by now.
 */
export function presentSubject(snapshot: Snapshot, revocations: Revocations, { run, session }: ActedFor): CatalogRun | undefined {
  if (session !== undefined) return revocations.isSessionRevoked(session.name) ? { ...session, phase: 'Cancelled' } : session;
  const known = snapshot.run(run.namespace, run.name);
  if (run.uid !== undefined && run.uid !== known?.uid) return undefined;
  const here = revocations.leasesOf(run);
  return known === undefined || here.length === 0 ? known : { ...known, revokedLeases: [...known.revokedLeases, ...here] };
}
