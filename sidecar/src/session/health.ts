import type { FastifyInstance } from 'fastify';
import type { SessionDeps } from './session-deps';
import { goDuration } from '../../../src/protocol/go-duration';
import { HealthResponse, PICOD, SESSION_ROUTES } from '../../../src/protocol/session-api';

/** `GET /health`, for everybody: the daemon works, whether or not it has a session yet. `start` is when it began to, in milliseconds. */
export function healthRoute(app: FastifyInstance, { identity, nativeHelper, clock }: SessionDeps, start: number): void {
  app.get(SESSION_ROUTES.health, (): HealthResponse => ({
    status: 'ok',
    ...PICOD,
    uptime: goDuration(clock() - start),
    initialized: identity.session !== undefined,
    nativeHelper,
  }));
}
