import type { FastifyInstance } from 'fastify';
import type { Expected } from './init-claims';
import type { Identity, PinnedSession } from './state';
import type { VerifyingKey } from '../crypto/signed-token';
import type { Logger } from '../server/telemetry/log';
import type { Clock } from '../server/time/clock';

/**
 * Adds routes below `/api`. Whoever reaches one has shown a token of the pinned session. Content type parsers and hooks
 * that it adds are for its own routes.
 */
export type ApiRoutes = (api: FastifyInstance, session: () => PinnedSession) => void;

/** What the API is built over. */
export interface SessionDeps extends Pick<Expected, 'sessionId' | 'podUid' | 'requireBootId'> {
  readonly identity: Identity;
  /** Keys that sign init tokens, as they are now; none when they are not known yet. */
  readonly bootstrapKeys: () => readonly VerifyingKey[];
  readonly routes: readonly ApiRoutes[];
  /** Whether the native helper starts commands. */
  readonly nativeHelper: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}
