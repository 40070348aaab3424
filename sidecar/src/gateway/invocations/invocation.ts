import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { entryPointFor, originOf } from './entry-point';
import { type InvocationTarget, invocationTarget } from './invocation-target';
import { isReplayable, requestBody, type RequestBody } from './request-body';
import { readySession, type ReadySession, usedSession } from './used-session';
import { INVOCATION_KINDS, RETRY_AFTER_NOT_READY, SESSION_HEADER } from '../../../../src/protocol/sessions-api';
import { refuse } from '../../server/http/sessions-errors';
import { isUpgrading } from '../../server/wire/upgrade';
import type { DataPath } from '../wire/data-path';
import { exchange, type Outcome } from '../wire/exchange';
import { requestHeaders } from '../wire/forwarded-headers';
import { sandboxRefusal } from '../wire/sandbox-refusal';

/** Passes requests of every method on to the worker of their session. */
export function invocationRoutes(app: FastifyInstance, path: DataPath): void {
  // Bodies are not read here: they go on as they come.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null, undefined));
  for (const part of Object.values(INVOCATION_KINDS)) {
    app.route({ method: methodsOf(app), url: `/v1/namespaces/:namespace/${part}/:name/invocations/*`, handler: (request, reply) => invoke(path, request, reply) });
  }
}

async function invoke(path: DataPath, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const target = invocationTarget(request.raw.url!);
  if (target === undefined) throw refuse('NOT_FOUND', 'there is no such path');
  const session = await usedSession(path, target, request, reply);
  keptActive(path, session, reply);
  const body = await requestBody(request.raw);
  const outcome = await sent(path, session, target, body, request, reply);
  if (outcome.kind === 'answered') return;

  const isAsked = await path.recovery.recover(session.id);
  if (!isReplayable(body)) throw notReady();
  const recovered = await readySession(path, session.id, target, request.principal);
  refuseFailed(await sent(path, recovered, target, body, request, reply), isAsked);
}

async function sent(
  path: DataPath, session: ReadySession, target: InvocationTarget, body: RequestBody, request: FastifyRequest, reply: FastifyReply,
): Promise<Outcome> {
  const { raw } = request;
  const entryPoint = entryPointFor(session.worker.entryPoints, target.path);
  if (entryPoint === undefined) throw refuse('ENTRY_POINT_NOT_FOUND', 'no entry point of the session has this path');
  const token = await path.tokens.tokenFor(session);
  return exchange({
    connection: path.pools.take(session.id, originOf(entryPoint, session.worker.podIP)),
    sessionId: session.id,
    path: target.pathAndQuery,
    headers: requestHeaders(raw.rawHeaders, raw.headers.connection, [
      'authorization', `Bearer ${token}`,
      SESSION_HEADER, session.id,
      'x-forwarded-for', raw.socket.remoteAddress ?? 'unknown',
      'x-forwarded-host', raw.headers.host ?? '',
      'x-forwarded-proto', request.protocol,
    ]),
    body,
    upgrade: isUpgrading(raw),
    draining: path.draining,
  }, request, reply);
}

/** A worker that cannot be reached although it was found just now stays away; one that was found a moment ago may have ended again. */
function refuseFailed(outcome: Outcome, isFound: boolean): void {
  if (outcome.kind === 'unsent' && isFound) throw sandboxRefusal(outcome.cause);
  if (outcome.kind !== 'answered') throw notReady();
}

function notReady() {
  return refuse('SESSION_NOT_READY', 'the worker of the session has restarted; try again', { retryAfterSeconds: RETRY_AFTER_NOT_READY });
}

/** From here on until the client has its answer, or has gone. */
function keptActive({ activity }: DataPath, { id }: ReadySession, reply: FastifyReply): void {
  activity.begin(id);
  if (reply.raw.destroyed) activity.end(id);
  else reply.raw.on('close', () => activity.end(id));
}

/** All but those that are about the connection itself, or would be shown its secrets. */
function methodsOf(app: FastifyInstance): string[] {
  return app.supportedMethods.filter((method) => method !== 'TRACE' && method !== 'CONNECT');
}
