import { resolve } from 'node:path';
import { openProcessKeys } from './keys/open-process-keys';
import { daemonAt } from './process/daemon-command';
import { ProcessProvider } from './process/process-provider';
import type { ControllerWorld, WorldContext } from './world';
import { after } from '../server/time/timers';

/** A controller without cluster: workers are processes beside it, and what it keeps is in a folder. */
export async function openProcessWorld({ config, log, pools }: WorldContext): Promise<ControllerWorld> {
  const clock = Date.now;
  // The table requires the one for processes, and the program knows the other.
  const [stateDir, program] = [resolve(config.STATE_DIR!), resolve(config.SESSION_PROGRAM!)];
  const keys = await openProcessKeys({ stateDir, clock, log, after, random: Math.random });
  try {
    const provider = await ProcessProvider.open({
      daemon: daemonAt(program),
      pools: () => pools().all,
      stateDir,
      trustDir: resolve(keys.trustDir),
      longestWait: config.CLAIM_SECONDS * 1000,
      clock,
      log,
    });
    return {
      keys,
      provider,
      proxyUrl: async () => undefined,
      leading: () => true,
      poolsChanged: () => provider.poolsChanged(),
      unready: () => keys.problem() ?? provider.problem(),
      close: async () => {
        await provider.close();
        await keys.close();
      },
    };
  } catch (error) {
    await keys.close();
    throw error;
  }
}
