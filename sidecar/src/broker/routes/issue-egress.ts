import { requestedTime } from './requested-time';
import type { IssueEgressRequest, IssueEgressResponse, SessionSubject } from '../../../../src/protocol/broker-api';
import { seal } from '../../crypto/sealed-token';
import { AuditDraft, audited } from '../audit/audited';
import type { BrokerDeps } from '../broker-deps';
import { mayActFor } from '../callers/authorize';
import { about, Asker } from '../callers/entrance';
import type { RunLimit } from '../callers/run-limit';
import { presentSubject, runSubject, sessionSubject, Subject } from '../callers/subject';
import type { RunName } from '../catalog/run-name';
import type { EgressClaims } from '../egress-proofs/egress-token';
import { confirmed } from '../grants/confirmed';
import { refuseEnded, refuseGrantedPrompt, requiredRun } from '../grants/opening';
import { expiryText, notAfterOf } from '../leases/lease';
import { refuse } from '../refuse';

export type IssueEgressDeps = Pick<BrokerDeps, 'audit' | 'catalog' | 'clock' | 'keyring' | 'revocations'> & { readonly limit: RunLimit };

/** For whom a token is sealed, and when that ends at the latest, in milliseconds since 1970. */
interface Bounded {
  readonly subject: Subject;
  readonly deadline?: number;
}

/** In place of a credential's name in the audit. */
const EGRESS_TOKEN = { name: '(egress-token)' };

/** Seals a token by which the egress proxy shows on whose behalf a connection is. */
export async function issueEgress(deps: IssueEgressDeps, { caller, named }: Asker, { session }: IssueEgressRequest): Promise<IssueEgressResponse> {
  if ((named === undefined) === (session === undefined)) throw refuse('BadRequest', 'the headers must name a run, or the body a session, and not both');
  // For a run, the entrance has asked.
  if (session !== undefined && !mayActFor('issue-egress', caller, 'sessions')) throw refuse('Forbidden', 'the caller may not use issue-egress for sessions');
  const run = named ?? { namespace: session!.namespace, name: session!.id };
  const sessionEnd = session === undefined ? undefined : requestedTime(session.notAfter);
  // For a run, the entrance has counted the request.
  if (session !== undefined) await deps.limit({ caller, run });
  const denied: AuditDraft = { decision: 'denied', kind: 'credential-denied', ...about({ caller, run }), credential: EGRESS_TOKEN };
  const { answer } = await audited(deps.audit, denied, async (draft) => {
    const now = deps.clock();
    const { subject, deadline } = session === undefined ? await ofRun(deps, run) : { subject: ofSession(deps, session), deadline: sessionEnd };
    const notAfter = notAfterOf(now, deadline);
    if (notAfter <= now) throw refuse('RunTerminated', `the ${session === undefined ? 'run' : 'session'} is past its end`);
    const claims: EgressClaims = { v: 1, ...subject, notAfter };
    Object.assign(draft, { decision: 'granted', kind: 'credential-issued', reason: 'issued an egress token' } satisfies Partial<AuditDraft>);
    return { value: seal(deps.keyring, 'egress', claims), expiresAt: expiryText(notAfter) };
  });
  return answer;
}

function ofRun({ catalog, revocations }: IssueEgressDeps, run: RunName): Promise<Bounded> {
  return confirmed(catalog, { run }, (snapshot) => {
    const present = requiredRun(presentSubject(snapshot, revocations, { run }), run);
    refuseEnded(present);
    refuseGrantedPrompt(snapshot, present);
    return { subject: runSubject(present), deadline: present.deadline };
  });
}

function ofSession({ revocations }: IssueEgressDeps, session: SessionSubject): Subject {
  if (revocations.isSessionRevoked(session.id)) throw refuse('RunTerminated', 'the session is revoked');
  return sessionSubject(session);
}
