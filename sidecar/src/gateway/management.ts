import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { behalfOf, type ControllerRequest } from './controller-client';
import type { GatewayDeps } from './deps';
import { SESSION_ID_PATTERN } from '../../../src/protocol/session-api';
import { SESSION_KINDS } from '../../../src/protocol/session-record';
import { IDEMPOTENCY_HEADER, IDEMPOTENCY_KEY_PATTERN, MAX_SESSIONS_BODY, SESSIONS_ROUTES, unknownSession } from '../../../src/protocol/sessions-api';
import { refuse } from '../server/http/sessions-errors';

export type ManagementDeps = Pick<GatewayDeps, 'controller'>;

type Call = Omit<ControllerRequest, 'behalf'>;
type OneSession = FastifyRequest<{ Params: { sessionId: string } }>;

/**
 * The routes about sessions, passed on to the controller for whoever asks. What a body or a query means is the controller's
 * to say. Every request here has its principal.
 */
export function managementRoutes(app: FastifyInstance, deps: ManagementDeps): void {
  const { create, remove, sessions, session, extend } = SESSIONS_ROUTES;
  const bodyLimit = MAX_SESSIONS_BODY;
  const passOn = (callOf: (request: OneSession, signal: AbortSignal) => Call, makes = false) =>
    async (request: OneSession, reply: FastifyReply): Promise<unknown> => {
      const call = callOf(request, goneSignal(reply));
      const { status, body } = await deps.controller.ask({ ...call, behalf: behalfOf(request.principal, makes) });
      return reply.code(status).send(body);
    };
  for (const kind of SESSION_KINDS) {
    app.post(create[kind], { bodyLimit }, passOn((request, signal) => creation(create[kind], request, signal), true));
  }
  app.get(sessions, passOn((request, signal) => ({ method: 'GET', path: `${sessions}${queryOf(request.url)}`, repeatable: true, signal })));
  app.get(session, passOn((request, signal) => ({ method: 'GET', path: withId(session, request), repeatable: true, signal })));
  app.post(extend, { bodyLimit }, passOn((request) => ({ method: 'POST', path: withId(extend, request), body: bodyOf(request), repeatable: true })));
  app.register((bodyless, _options, done) => {
    ignoreBodies(bodyless);
    for (const route of [session, ...SESSION_KINDS.map((kind) => remove[kind])]) {
      bodyless.delete(route, passOn((request) => ({ method: 'DELETE', path: withId(route, request) })));
    }
    done();
  });
}

/** Clients of the workload manager name a content type although they send nothing. */
function ignoreBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));
}

/** Whoever goes away gets no session: the controller takes back what it has begun. */
function creation(path: string, request: FastifyRequest, signal: AbortSignal): Call {
  const idempotencyKey = idempotencyKeyOf(request);
  return { method: 'POST', path, body: bodyOf(request), signal, ...(idempotencyKey === undefined ? {} : { idempotencyKey, repeatable: true }) };
}

const KEY = new RegExp(IDEMPOTENCY_KEY_PATTERN);

function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers[IDEMPOTENCY_HEADER];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !KEY.test(key)) throw refuse('BAD_REQUEST', `the header ${IDEMPOTENCY_HEADER} must have 1 to 255 visible characters of ASCII`);
  return key;
}

/** It has been read as JSON in which every key is there once, so everybody after us reads the same. */
function bodyOf({ body }: FastifyRequest): string {
  if (body === undefined) throw refuse('BAD_REQUEST', 'a body is needed');
  return JSON.stringify(body);
}

const ID = new RegExp(SESSION_ID_PATTERN);

function withId(route: string, { params: { sessionId } }: OneSession): string {
  if (!ID.test(sessionId)) throw refuse('SESSION_NOT_FOUND', unknownSession(sessionId));
  return route.replace(':sessionId', sessionId);
}

function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at);
}

/** Ends when the client has gone before its answer. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const look = (): void => {
    if (raw.destroyed && !raw.writableFinished) gone.abort();
  };
  raw.once('close', look);
  look();
  return gone.signal;
}
