import type { FastifyInstance } from 'fastify';
import type { SessionDeps } from './session-deps';
import { HealthResponse, PICOD, SESSION_ROUTES } from '../../../src/protocol/session-api';

/** `GET /health`, for everybody: the daemon works, whether or not it has a session yet. `start` is when it began to, in milliseconds. */
export function healthRoute(app: FastifyInstance, { identity, nativeHelper, clock }: SessionDeps, start: number): void {
  app.get(SESSION_ROUTES.health, (): HealthResponse => ({
    status: 'ok',
    ...PICOD,
    uptime: durationText(clock() - start),
    initialized: identity.session !== undefined,
    nativeHelper,
  }));
}

/** Milliseconds as Go writes a duration: https://pkg.go.dev/time#Duration.String */
export function durationText(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds));
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = `${(whole % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
