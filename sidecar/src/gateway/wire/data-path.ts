import type { GatewayDeps } from '../deps';
import { WorkerPools } from './pools';
import { steadyClock } from '../../server/time/clock';
import { Activity } from '../invocations/activity';
import { Recovery } from '../invocations/recovery';
import { SessionLookup } from '../invocations/session-lookup';
import { SessionTokens } from '../invocations/session-token';

/** What invocations are served with. */
export interface DataPath extends Pick<GatewayDeps, 'controller' | 'clock'> {
  readonly sessions: SessionLookup;
  readonly tokens: SessionTokens;
  readonly pools: WorkerPools;
  readonly recovery: Recovery;
  readonly activity: Activity;
  readonly draining: () => boolean;
  /** Forgets a session that has ended. */
  ended(id: string): void;
  close(): Promise<void>;
}

export function dataPath({ store, keyring, controller, clock, after, log }: GatewayDeps, draining: () => boolean): DataPath {
  const sessions = new SessionLookup({ store, clock });
  const tokens = new SessionTokens({ keyring, clock });
  const pools = new WorkerPools({ clock: steadyClock, after });
  const ended = (id: string): void => {
    sessions.forget(id);
    tokens.forget(id);
    pools.end(id);
  };
  const activity = new Activity({ store, clock, after, log, ended });
  const recovery = new Recovery({ controller, clock });
  return {
    controller,
    clock,
    sessions,
    tokens,
    pools,
    recovery,
    activity,
    draining,
    ended,
    close: async () => {
      await activity.close();
      await pools.close();
    },
  };
}
