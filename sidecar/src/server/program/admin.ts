import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { ADMIN_PATHS } from '../../../../src/protocol/admin-api';
import { buildServer } from '../http/build-server';
import type { RoleErrors } from '../http/errors';
import type { Logger } from '../telemetry/log';

export interface AdminOptions {
  readonly log: Logger;
  readonly registry: Registry;
  /** Why the role cannot serve now; undefined when it can. Never holds a secret: anybody may ask. */
  readonly unready: () => string | undefined;
}

const STATUS = { BadRequest: [400, 405], NotFound: [404], RateLimited: [429], Unavailable: [503] } as const;

const ERRORS: RoleErrors<typeof STATUS> = {
  table: STATUS, malformed: 'BadRequest', unknownPath: 'NotFound', limited: 'RateLimited', unavailable: 'Unavailable', unexpected: 'Unavailable',
};

/**
 * The second listener of every role, apart from its traffic, so that no limit of that touches probes.
 * https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
export function buildAdmin({ log, registry, unready }: AdminOptions): FastifyInstance {
  const app = buildServer({ log, errors: ERRORS, limits: { bodyLimit: 1024, maxConnections: 64 }, answersLevel: 'debug' });
  app.get(ADMIN_PATHS.live, () => 'ok');
  app.get(ADMIN_PATHS.ready, (_request, reply) => {
    const reason = unready();
    return reason === undefined ? 'ok' : reply.code(503).send(reason);
  });
  app.get(ADMIN_PATHS.metrics, async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  return app;
}
