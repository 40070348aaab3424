import { isIPv6 } from 'node:net';
import { goDuration } from '../../../../src/protocol/go-duration';
import type { SessionPhase, SessionRecord, SessionWorker } from '../../../../src/protocol/session-record';
import type { CreateSessionResponse, EntryPointView, SessionView } from '../../../../src/protocol/sessions-api';
import type { Kept } from '../../store/store';

/** What whoever has made a session reads, however often it is asked. */
export function createdSession({ id, owner, expiresAt, worker }: SessionRecord): CreateSessionResponse {
  const { podUid, podName } = worker!;
  return {
    kind: 'Sandbox',
    sessionId: id,
    sandboxId: podUid,
    sandboxName: podName,
    entryPoints: entryPointsOf(worker!),
    ...(owner === undefined ? {} : { ownerId: owner }),
    expiresAt: timeText(expiresAt),
  };
}

/** Whether a session may still be used, as far as its record says. */
export function isAlive({ phase, expiresAt }: SessionRecord, now: number): boolean {
  return phase !== 'ending' && expiresAt > now;
}

export function sessionView({ record, lastActivity }: Kept, now: number): SessionView {
  const { id, kind, namespace, name, owner, createdAt, expiresAt, idleTimeout, metadata, worker } = record;
  const status: SessionPhase = isAlive(record, now) ? record.phase : 'ending';
  return {
    sessionId: id,
    kind,
    namespace,
    name,
    ...(owner === undefined ? {} : { ownerId: owner }),
    status,
    createdAt: timeText(createdAt),
    expiresAt: timeText(expiresAt),
    lastActivityAt: timeText(lastActivity),
    idleTimeout: goDuration(idleTimeout),
    ...(metadata === undefined ? {} : { metadata }),
    ...(worker === undefined ? {} : { sandboxId: worker.podUid, sandboxName: worker.podName, entryPoints: entryPointsOf(worker) }),
  };
}

function entryPointsOf({ podIP, entryPoints }: SessionWorker): EntryPointView[] {
  const host = isIPv6(podIP) ? `[${podIP}]` : podIP;
  return entryPoints.map(({ path, protocol, port }) => ({ path, protocol, endpoint: `${host}:${port}` }));
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
