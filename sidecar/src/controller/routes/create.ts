import type { FastifyInstance, FastifyReply } from 'fastify';
import { SESSION_KINDS } from '../../../../src/protocol/session-record';
import { CreateSessionRequest, CreateSessionResponse, IDEMPOTENCY_HEADER, SESSIONS_ROUTES, SessionsCode } from '../../../../src/protocol/sessions-api';
import { ApiError } from '../../server/http/errors';
import { principalIn } from '../auth/authenticate';
import type { ControllerDeps } from '../controller-deps';
import { refuse } from '../refuse';
import { createSession, CREATION_TIME } from '../sessions/create';
import { CREATE_BODY, wantedSession } from '../sessions/session-request';
import { createdSession } from '../sessions/session-view';

/** `POST` of either kind: answers once the session may be used. */
export function createRoutes(app: FastifyInstance, deps: ControllerDeps): void {
  for (const kind of SESSION_KINDS) {
    app.post(SESSIONS_ROUTES.create[kind], { schema: { body: CREATE_BODY } }, async (request, reply): Promise<CreateSessionResponse> => {
      // The schema has made sure that the body is what the route takes.
      const body = request.body as CreateSessionRequest;
      return counted(deps, async () => {
        const wanted = wantedSession(kind, body, request.headers[IDEMPOTENCY_HEADER]);
        return createdSession(await createSession(deps, wanted, principalIn(request), goneWith(reply, deps)));
      });
    });
  }
}

/** Comes when nobody waits for the answer any more; its reason is the refusal. */
function goneWith({ raw }: FastifyReply, { after, claimMilliseconds }: ControllerDeps): AbortSignal {
  const controller = new AbortController();
  const end = after(claimMilliseconds + CREATION_TIME, () => controller.abort(refuse('CREATION_TIMEOUT', 'the session was not ready in time')));
  raw.once('close', () => {
    end();
    // Nobody reads it; it is for the log.
    if (!raw.writableFinished) controller.abort(refuse('BAD_REQUEST', 'the client went away before the session was there', { status: 408 }));
  });
  return controller.signal;
}

async function counted<T>({ metrics }: ControllerDeps, work: () => Promise<T>): Promise<T> {
  try {
    const done = await work();
    metrics.created('ok');
    return done;
  } catch (error) {
    metrics.created(error instanceof ApiError ? error.code as SessionsCode : 'INTERNAL');
    throw error;
  }
}
