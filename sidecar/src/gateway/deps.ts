import type { IncomingMessage } from 'node:http';
import type { ControllerClient } from './controller-client';
import type { Principal } from './principal';
import type { Keyring } from '../crypto/keyring';
import type { Logger } from '../server/telemetry/log';
import type { Clock } from '../server/time/clock';
import type { After } from '../server/time/timers';
import type { SessionStore } from '../store/store';

/** One request's part of what its principal may have open at once. */
export interface Leave {
  /** Gives it back, once. */
  end(): void;
}

/** What everybody passes before anything is done for them. Both throw `ApiError`. */
export interface Entrance {
  /** Before a byte of the body is read. */
  authenticate(request: IncomingMessage): Promise<Principal> | Principal;
  /** Takes a slot, until the answer has ended or the client has gone. */
  enter(principal: Principal): Leave;
}

/** What the gateway is built over. */
export interface GatewayDeps {
  readonly entrance: Entrance;
  readonly store: SessionStore;
  /** Opens the keys of sessions. */
  readonly keyring: Keyring;
  readonly controller: ControllerClient;
  readonly clock: Clock;
  readonly after: After;
  readonly log: Logger;
  /** Why requests cannot be served now, for `/health/ready`; undefined when they can. */
  readonly unready: () => string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler of a route that needs one. */
    principal: Principal;
  }
}
