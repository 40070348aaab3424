import type { CallerReview } from './auth/caller';
import type { Background } from './background';
import type { SessionBroker } from './broker-client';
import type { HandshakeTimes } from './handshake';
import type { ControllerKeys } from './keys/controller-keys';
import type { ControllerMetrics } from './metrics';
import type { Pools } from './pools/pool-entries';
import type { WorkerProvider } from './worker-provider';
import type { Logger } from '../server/telemetry/log';
import type { Clock } from '../server/time/clock';
import type { After } from '../server/time/timers';
import type { SessionStore } from '../store/store';

/** Everything of the world that sessions need. */
export interface ControllerDeps {
  readonly store: SessionStore;
  readonly provider: WorkerProvider;
  readonly keys: ControllerKeys;
  /** As they are now. */
  readonly pools: () => Pools;
  /** @default - everybody may call, and nobody is told apart */
  readonly callers?: CallerReview;
  /** @default - no session has a way out */
  readonly broker?: SessionBroker;
  /** Address of the egress proxy as workers of the namespace reach it; undefined while nobody knows one. */
  readonly proxyUrl: (namespace: string) => string | undefined | Promise<string | undefined>;
  /** Longest wait for a worker, in milliseconds. */
  readonly claimMilliseconds: number;
  readonly clock: Clock;
  readonly after: After;
  /** Resolves after the milliseconds, rejects when the signal comes first. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** A new UUID, which nobody can guess. */
  readonly randomId: () => string;
  /** What goes on after its request has been answered. */
  readonly background: Background;
  readonly metrics: ControllerMetrics;
  readonly log: Logger;
  /** @default - those of the handshake */
  readonly handshakeTimes?: HandshakeTimes;
}
