import type { Keyring } from '../../crypto/keyring';
import type { BootstrapKey } from '../init-token';

/** The keys of the controller, shared by its replicas. */
export interface ControllerKeys {
  /** Seals what the store keeps; its id key makes session ids of idempotency keys. */
  readonly sealing: Keyring;
  /** Signs init tokens. One that is new signs only once the workers have had the time to learn it. */
  bootstrap(): BootstrapKey;
  /** Why keys cannot be used; undefined when all is well. */
  problem(): string | undefined;
  close(): Promise<void>;
}
