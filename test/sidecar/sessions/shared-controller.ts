import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedWorkers } from './shared-workers';
import { buildController } from '../../../sidecar/src/controller/app';
import { Background } from '../../../sidecar/src/controller/background';
import type { ControllerDeps } from '../../../sidecar/src/controller/controller-deps';
import type { AskDaemon } from '../../../sidecar/src/controller/daemon-client';
import { openProcessKeys } from '../../../sidecar/src/controller/keys/open-process-keys';
import { ControllerMetrics } from '../../../sidecar/src/controller/metrics';
import { poolsIn } from '../../../sidecar/src/controller/pools/pool-entries';
import { reaperOver } from '../../../sidecar/src/controller/reaper/reaper';
import type { WorkerProvider } from '../../../sidecar/src/controller/worker-provider';
import { createLogger, standardOutput } from '../../../sidecar/src/server/telemetry/log';
import { createRegistry } from '../../../sidecar/src/server/telemetry/metrics';
import { after } from '../../../sidecar/src/server/time/timers';
import { openStore } from '../../../sidecar/src/store/open-store';
import { parseStoreUrl } from '../../../sidecar/src/store/store-url';
import { LONGEST_CREATION } from '../../../src/protocol/session-record';

/**
 * A controller as a process of its own whose workers others have too. It stops for good at a point that a file names, to
 * be killed there. SIGUSR2 lets it look for what is over, as if creations of now were long ago. HASTE divides the pauses of its waits.
 */

const { STATE_DIR = '', STORE_URL = '', TOKEN = '', POOLS = '', WORKERS = '', HASTE = '10' } = process.env;
const log = createLogger({ role: 'controller', level: 'info', destination: standardOutput() });

let ahead = 0;
const clock = (): number => Date.now() + ahead;

/** Where it can be stopped. */
type Point = 'claim' | 'init';

async function stopAt(point: Point): Promise<void> {
  if (!existsSync(join(STATE_DIR, `stop-at-${point}`))) return;
  log.info({ point }, 'stopped');
  await new Promise(() => undefined);
}

function stopping(workers: SharedWorkers): WorkerProvider {
  return new Proxy(workers, {
    get: (target, name: keyof SharedWorkers) => {
      if (name !== 'claim') return typeof target[name] === 'function' ? (target[name] as () => unknown).bind(target) : target[name];
      return async (...args: Parameters<SharedWorkers['claim']>) => {
        const claimed = await target.claim(...args);
        await stopAt('claim');
        return claimed;
      };
    },
  });
}

const around = (ask: AskDaemon): AskDaemon => async (request) => {
  const answer = await ask(request);
  if (request.method === 'POST') await stopAt('init');
  return answer;
};

async function main(): Promise<void> {
  const keys = await openProcessKeys({ stateDir: STATE_DIR, clock: Date.now, log, after, random: Math.random });
  const { store } = openStore(parseStoreUrl(STORE_URL), { clock });
  const deps: ControllerDeps = {
    store,
    provider: stopping(new SharedWorkers(WORKERS, clock, around)),
    keys,
    pools: () => poolsIn('POOLS', POOLS),
    callers: { review: async (token) => token === TOKEN ? { namespace: 'platform', serviceAccount: 'gateway', onBehalf: true, namespaces: new Set() } : undefined },
    proxyUrl: () => undefined,
    claimMilliseconds: 1000,
    clock,
    after,
    // Where a wait is to end in vain, nobody wants to wait for as long as in a cluster.
    wait: async (milliseconds, signal) => sleep(milliseconds / Number(HASTE), undefined, { signal }),
    randomId: randomUUID,
    background: new Background(),
    metrics: new ControllerMetrics(createRegistry('controller')),
    log,
  };
  const app = buildController(deps);
  const reaper = reaperOver(deps, () => true);
  process.on('SIGUSR2', () => {
    ahead = LONGEST_CREATION + 1000;
    void reaper.tick().then(() => {
      ahead = 0;
      log.info('looked');
    });
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  log.info({ listen: { controller: `127.0.0.1:${(app.server.address() as AddressInfo).port}` } }, 'ready');
}

void main();
