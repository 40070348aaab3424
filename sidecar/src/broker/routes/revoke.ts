import { requestedTime } from './requested-time';
import type { RevokeRequest, RevokedSession } from '../../../../src/protocol/broker-api';
import { PROVIDER_KINDS, ProviderKind } from '../../../../src/protocol/resources';
import { ApiError } from '../../server/http/errors';
import { AuditDraft, audited } from '../audit/audited';
import type { BrokerDeps } from '../broker-deps';
import { about, Asker } from '../callers/entrance';
import type { RunName } from '../catalog/run-name';
import { recordedName } from '../grants/opening';
import { expiryText, isLeaseId, notAfterOf } from '../leases/lease';
import { refuse } from '../refuse';

export type RevokeDeps = Pick<BrokerDeps, 'audit' | 'clock' | 'providers' | 'revocations'>;

/**
 * Revokes a lease or a session for good. It need not be there, nor its run: whoever asks again, or late, is told that
 * it is done. The catalog is not asked, so a broker that does not know the present state revokes all the same.
 */
export async function revoke(deps: RevokeDeps, { caller, named }: Asker, body: RevokeRequest): Promise<void> {
  if (body.session !== undefined) return revokeSession(deps, { caller, named }, body.session);
  if (named === undefined) throw refuse('BadRequest', 'the headers must name a run, or the body a session');
  const { leaseId, provider } = required(deps, body);
  // The client's text is not repeated: whatever it sent by mistake would be in the log.
  const known = isLeaseId(leaseId);
  const denied: AuditDraft = {
    decision: 'denied',
    kind: 'credential-denied',
    ...about({ caller, run: named }),
    credential: { name: recordedName(body.credentialName ?? ''), provider },
  };
  await audited(deps.audit, denied, async (draft) => {
    if (known) await revokeLease(deps, named, leaseId);
    Object.assign(draft, { decision: 'granted', kind: 'credential-revoked', reason: known ? `revoked lease ${leaseId}` : 'no lease has an id like that' } satisfies Partial<AuditDraft>);
  });
}

async function revokeLease({ revocations }: RevokeDeps, run: RunName, id: string): Promise<void> {
  await revocations.revokeLeases(run, [id]).catch((cause: unknown) => {
    if (cause instanceof ApiError) throw cause;
    throw refuse('ProviderFailure', `revoke failed: lease ${id} counts as revoked here, but that could not be kept`, { cause });
  });
}

async function revokeSession({ audit, clock, revocations }: RevokeDeps, { caller, named }: Pick<Asker, 'caller' | 'named'>, { namespace, id, notAfter }: RevokedSession): Promise<void> {
  if (named !== undefined) throw refuse('BadRequest', 'the headers must name a run, or the body a session, and not both');
  const now = clock();
  // No token of the session is valid for longer, however late its end is.
  const until = notAfterOf(now, requestedTime(notAfter));
  if (until <= now) throw refuse('BadRequest', `session.notAfter must be in the future, and ${expiryText(until)} is not: it is the time until which the session stays revoked`);
  const denied: AuditDraft = { decision: 'denied', kind: 'credential-denied', ...about({ caller, run: { namespace, name: id } }) };
  await audited(audit, denied, async (draft) => {
    await revocations.revokeSession(id, until).catch((cause: unknown) => {
      throw refuse('ProviderFailure', 'revoke failed: the session counts as revoked here, but that could not be kept', { cause });
    });
    Object.assign(draft, { decision: 'granted', kind: 'credential-revoked', reason: 'revoked the session' } satisfies Partial<AuditDraft>);
  });
}

function required({ providers }: RevokeDeps, { provider = '', leaseId = '' }: RevokeRequest): { provider: ProviderKind; leaseId: string } {
  if (provider === '' || leaseId === '') throw refuse('BadRequest', 'provider and leaseId must be there');
  const kind = PROVIDER_KINDS.find((one) => one === provider);
  if (kind === undefined || providers(kind) === undefined) throw refuse('BadRequest', `provider must be one of ${PROVIDER_KINDS.join(', ')}, and built in`);
  return { provider: kind, leaseId };
}
