import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SESSION_KINDS } from '../../../../src/protocol/session-record';
import { DELETED, DeleteSessionResponse, ExtendSessionRequest, SESSIONS_ROUTES, SessionView } from '../../../../src/protocol/sessions-api';
import { principalIn } from '../auth/authenticate';
import type { ControllerDeps } from '../controller-deps';
import { missing, refusalOf, refuse } from '../refuse';
import { endSession } from '../sessions/end';
import { extendSession } from '../sessions/extend';
import { findSession } from '../sessions/find';
import { LIST_QUERY, ListQuery, listSessions } from '../sessions/list';
import { recoverSessions } from '../sessions/recover';
import { EXTEND_BODY } from '../sessions/session-request';
import { sessionView } from '../sessions/session-view';

/** Everything about sessions that are there. */
export function sessionRoutes(app: FastifyInstance, deps: ControllerDeps): void {
  const recover = recoverSessions(deps);

  app.get(SESSIONS_ROUTES.sessions, { schema: { querystring: LIST_QUERY } }, (request) => {
    return listSessions(deps, principalIn(request), request.query as ListQuery);
  });

  app.get(SESSIONS_ROUTES.session, async (request): Promise<SessionView> => {
    return sessionView(await findSession(deps, principalIn(request), idOf(request)), deps.clock());
  });

  app.post(SESSIONS_ROUTES.extend, { schema: { body: EXTEND_BODY } }, async (request): Promise<SessionView> => {
    const { ttl } = request.body as ExtendSessionRequest;
    return sessionView(await extendSession(deps, principalIn(request), idOf(request), ttl), deps.clock());
  });

  app.register((bodyless, _options, done) => {
    ignoreBodies(bodyless);
    bodyless.post(SESSIONS_ROUTES.recover, async (request): Promise<SessionView> => {
      const principal = principalIn(request);
      if (!principal.onBehalf) throw refuse('FORBIDDEN', 'only the gateway recovers sessions');
      return sessionView(await recover(principal, idOf(request)), deps.clock());
    });
    // Which kind the session is of is not asked, as in AgentCube.
    for (const url of [SESSIONS_ROUTES.session, ...SESSION_KINDS.map((kind) => SESSIONS_ROUTES.remove[kind])]) {
      bodyless.delete(url, (request) => removed(deps, request));
    }
    done();
  });
}

/** Clients name a content type although they send nothing, and some send what nobody reads. */
function ignoreBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));
}

async function removed(deps: ControllerDeps, request: FastifyRequest): Promise<DeleteSessionResponse> {
  const id = idOf(request);
  await findSession(deps, principalIn(request), id);
  const ended = await endSession(deps, id, 'Deleted', () => true).catch((error: unknown) => {
    throw refusalOf(error, id);
  });
  if (!ended) throw missing(id);
  return { message: DELETED };
}

function idOf({ params }: FastifyRequest): string {
  return (params as { readonly sessionId: string }).sessionId;
}
