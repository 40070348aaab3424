import { ControllerOptions } from './controller-options';
import { GatewayOptions } from './gateway-options';
import { SessionStore } from './session-store';

/** Sessions: warm workers that people and programs reach through a gateway. */
export interface SessionOptions {
  /**
   * Whether there are sessions. Without them there is no controller, gateway and store, and nobody claims the workers of warm pools.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * The part that claims workers for sessions and ends them.
   *
   * @default - two replicas that know their callers by reviewed tokens
   */
  readonly controller?: ControllerOptions;

  /**
   * The part that clients reach.
   *
   * @default - two to ten replicas behind plain HTTP, for clients with API keys
   */
  readonly gateway?: GatewayOptions;

  /**
   * Where sessions are kept.
   *
   * @default SessionStore.valkey()
   */
  readonly store?: SessionStore;
}
