import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_ID_PATTERN } from '../../../../src/protocol/session-api';
import type { SessionRecord, SessionWorker } from '../../../../src/protocol/session-record';
import { type CreateSessionResponse, RETRY_AFTER_NOT_READY, SESSION_HEADER, SESSIONS_ROUTES } from '../../../../src/protocol/sessions-api';
import { behalfOf } from '../controller-client';
import type { Principal } from '../principal';
import type { InvocationTarget } from './invocation-target';
import { isReachable, noSession } from './session-lookup';
import { refuse } from '../../server/http/sessions-errors';
import type { DataPath } from '../wire/data-path';

/** A session with somebody to serve it. */
export type ReadySession = SessionRecord & { readonly worker: SessionWorker };

const SESSION_ID = new RegExp(SESSION_ID_PATTERN);

/** The session that the request names, or a new one. Every answer from then on names it. */
export async function usedSession(path: DataPath, target: InvocationTarget, request: FastifyRequest, reply: FastifyReply): Promise<ReadySession> {
  const named = request.raw.headers[SESSION_HEADER];
  if (named === undefined || named === '') {
    const id = await createdSession(path, target, request, reply);
    reply.header(SESSION_HEADER, id);
    return readySession(path, id, target, request.principal);
  }
  if (typeof named !== 'string' || !SESSION_ID.test(named)) throw refuse('BAD_REQUEST', `the header ${SESSION_HEADER} is no session id`);
  const session = reachable(path, named, await path.sessions.find(named), target, request.principal);
  reply.header(SESSION_HEADER, named);
  return ready(session);
}

/** The session as the store has it now. */
export async function readySession(path: DataPath, id: string, target: InvocationTarget, principal: Principal): Promise<ReadySession> {
  return ready(reachable(path, id, await path.sessions.fresh(id), target, principal));
}

function reachable(
  { clock }: DataPath, id: string, record: SessionRecord | undefined, target: InvocationTarget, principal: Principal,
): SessionRecord {
  if (record === undefined || !isReachable(record, principal, target, clock())) throw noSession(id);
  return record;
}

function ready(session: SessionRecord): ReadySession {
  if (session.phase !== 'ready' || session.worker === undefined) {
    throw refuse('SESSION_NOT_READY', 'the session is being made; try again', { retryAfterSeconds: RETRY_AFTER_NOT_READY });
  }
  return session as ReadySession;
}

/** Takes as long as the controller takes; a client that goes away meanwhile leaves none behind. */
async function createdSession(
  { controller }: DataPath, { kind, namespace, name }: InvocationTarget, { principal }: FastifyRequest, reply: FastifyReply,
): Promise<string> {
  const gone = new AbortController();
  const end = (): void => gone.abort();
  reply.raw.once('close', end);
  try {
    const { body } = await controller.ask({
      method: 'POST',
      path: SESSIONS_ROUTES.create[kind],
      behalf: behalfOf(principal, true),
      body: JSON.stringify({ namespace, name }),
      idempotencyKey: randomUUID(),
      repeatable: true,
      signal: gone.signal,
    });
    return (body as CreateSessionResponse).sessionId;
  } finally {
    reply.raw.off('close', end);
  }
}
