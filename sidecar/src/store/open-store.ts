import type { ConnectionTimes, StoreSecrets } from './client';
import { StoreConnection } from './connection';
import { MemorySessionStore } from './memory';
import type { SessionStore } from './store';
import type { StoreTarget } from './store-url';
import { ValkeySessionStore } from './valkey';
import type { Clock } from '../server/time/clock';

/** A store that is in use. */
export interface OpenStore {
  readonly store: SessionStore;
  /** Why sessions cannot be read or written, for readiness; undefined when all is well. It recovers alone. */
  problem(): string | undefined;
  close(): Promise<void>;
}

export interface OpenStoreOptions extends StoreSecrets {
  readonly clock: Clock;
  readonly times?: ConnectionTimes;
}

/** Does not wait for the server: until it answers, every method rejects with `Unavailable`. */
export function openStore(target: StoreTarget, { clock, ...options }: OpenStoreOptions): OpenStore {
  if (target.kind === 'memory') return { store: new MemorySessionStore(clock), problem: () => undefined, close: async () => undefined };
  const connection = new StoreConnection({ target, ...options });
  return {
    store: new ValkeySessionStore(connection.run),
    problem: () => connection.problem(),
    close: () => connection.close(),
  };
}
