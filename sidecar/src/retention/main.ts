import { setTimeout as sleep } from 'node:timers/promises';
import { removeOldEvents } from './removal';
import { RETENTION_ENV } from '../../../src/protocol/env';
import { RETENTION_WORK_SECONDS } from '../../../src/protocol/limits';
import { KubeClient } from '../kube/client';
import { apiServerProblems, configuredConnection } from '../kube/configured-connection';
import type { Config } from '../server/program/config';
import { configOf, openLog } from '../server/program/program';

const ROLE = 'retention';

/** Removes what is old, and ends. */
async function main(): Promise<void> {
  const config = configOf({ role: ROLE, table: RETENTION_ENV, check: (given) => apiServerProblems(given, 'the retention') }, process.argv.slice(2));
  if (config === undefined) return;
  const { log, exit } = openLog(ROLE, config.LOG_LEVEL);
  const end = new AbortController();
  const stop = (signal: string): void => {
    log.info({ signal }, 'closing');
    end.abort(new Error(signal));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  setTimeout(() => stop('the time is over'), RETENTION_WORK_SECONDS * 1000).unref();
  try {
    await exit(await remove(config, end.signal, log) ? 0 : 1);
  } catch (err) {
    log.fatal({ err }, 'nothing could be removed');
    await exit(1);
  }
}

async function remove(config: Config<typeof RETENTION_ENV>, signal: AbortSignal, log: ReturnType<typeof openLog>['log']): Promise<boolean> {
  const client = new KubeClient(configuredConnection(config, Date.now));
  try {
    return await removeOldEvents({
      client,
      namespaces: [config.POD_NAMESPACE, ...config.RUN_NAMESPACES],
      retentionSeconds: config.RETENTION_SECONDS,
      clock: Date.now,
      random: Math.random,
      wait: (milliseconds, aborted) => sleep(milliseconds, undefined, { signal: aborted }),
      signal,
      log,
    });
  } finally {
    client.close();
  }
}

void main();
