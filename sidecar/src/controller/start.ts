import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildController } from './app';
import { openReviewedCallers, openKnownCallers, OpenCallers } from './auth/callers-file';
import { Background } from './background';
import { brokerClient, SessionBroker } from './broker-client';
import { ControllerMetrics } from './metrics';
import { openPoolsFile } from './pools/pools-file';
import { REAPER_EVERY, Reaper, reaperOver } from './reaper/reaper';
import type { ControllerConfig, ControllerWorld } from './world';
import { openPodsWorld } from './world-pods';
import { openProcessWorld } from './world-process';
import type { CONTROLLER_ENV } from '../../../src/protocol/env';
import { apiServerProblems } from '../kube/configured-connection';
import { followTls, readKeyPair } from '../server/http/tls';
import { plainHttpProblems } from '../server/program/config';
import type { RoleContext, StartedRole } from '../server/program/role';
import type { Logger } from '../server/telemetry/log';
import { RequestMetrics } from '../server/telemetry/metrics';
import { after } from '../server/time/timers';
import { configuredStore } from '../store/configured-store';
import { OpenStore, openStore } from '../store/open-store';
import { parseStoreUrl } from '../store/store-url';

type Context = RoleContext<typeof CONTROLLER_ENV>;

/** What is wrong with an environment, over several variables. */
export function controllerProblems(config: ControllerConfig): string[] {
  const { PROVIDER, AUTH, CALLERS_FILE, TLS_SELF_MADE, TLS_DIR, STORE_ACCESS, BROKER_URL } = config;
  const needsPods = (name: string, isSet: boolean): string[] => (isSet && PROVIDER !== 'pods' ? [`${name} needs PROVIDER=pods: without API server there is nothing to share it by`] : []);
  return [
    ...(PROVIDER === 'pods' ? apiServerProblems(config, 'PROVIDER=pods') : []),
    ...needsPods('TLS_SELF_MADE', TLS_SELF_MADE),
    ...needsPods('STORE_ACCESS', STORE_ACCESS),
    ...needsPods('AUTH=token-review', AUTH === 'token-review'),
    ...(AUTH !== 'none' && CALLERS_FILE === undefined ? [`CALLERS_FILE must be set with AUTH=${AUTH}`] : []),
    ...(TLS_SELF_MADE && TLS_DIR !== undefined ? ['TLS_SELF_MADE and TLS_DIR exclude each other'] : []),
    ...(TLS_SELF_MADE ? [] : plainHttpProblems('CONTROLLER_LISTEN', config.CONTROLLER_LISTEN, TLS_DIR)),
    ...(BROKER_URL === undefined || BROKER_URL.startsWith('https://') ? [] : ['BROKER_URL must be an https URL']),
  ];
}

/** Everything is open before anything listens. What others have to bring, as the store, may come later. */
export async function startController({ config, log, registry }: Context, given: { readonly store?: OpenStore } = {}): Promise<StartedRole> {
  const clock = Date.now;
  let world: ControllerWorld | undefined;
  const pools = await openPoolsFile({
    file: config.POOLS_FILE,
    refused: (problem) => log.error({ problem }, 'the changed pools cannot be used; those from before stay'),
    changed: () => world?.poolsChanged(),
  });
  const mounted = config.TLS_DIR === undefined ? undefined : await readKeyPair(config.TLS_DIR);
  world = await (config.PROVIDER === 'pods' ? openPodsWorld : openProcessWorld)({ config, log, pools: () => pools.current() });
  const { keys, provider, certificate } = world;
  const callers = await openCallers(config, world, log);
  const store = given.store ?? storeOf(config, world, clock);
  const deps = {
    store: store.store,
    provider,
    keys,
    pools: () => pools.current(),
    ...(callers && { callers }),
    ...(config.BROKER_URL === undefined ? {} : { broker: brokerOf(config.BROKER_URL, config) }),
    proxyUrl: (namespace: string) => world.proxyUrl(namespace),
    claimMilliseconds: config.CLAIM_SECONDS * 1000,
    clock,
    after,
    wait: async (milliseconds: number, signal: AbortSignal): Promise<void> => sleep(milliseconds, undefined, { signal }),
    randomId: randomUUID,
    background: new Background(),
    metrics: new ControllerMetrics(registry),
    log,
  };
  const app = buildController(deps, { tls: certificate?.pair ?? mounted, metrics: new RequestMetrics(registry) });
  const stopTls = followTls(app.server, { certificate, folder: config.TLS_DIR, log, after, random: Math.random });
  const stopReaper = everySoOften(reaperOver(deps, () => world.leading()));
  return {
    servers: [{ name: 'controller', app, listen: config.CONTROLLER_LISTEN }],
    unready: () => store.problem() ?? world.unready(),
    close: async () => {
      stopTls();
      await stopReaper();
      callers?.close();
      pools.close();
      await world.close();
      if (given.store === undefined) await store.close();
    },
  };
}

/** What the controller fills itself is known to it before the kubelet has mounted it. */
function storeOf(config: ControllerConfig, { storeSecrets }: ControllerWorld, clock: () => number): OpenStore {
  if (storeSecrets === undefined) return configuredStore(config, clock);
  return openStore(parseStoreUrl(config.STORE_URL, { hasPasswordFile: true }), { clock, ...storeSecrets });
}

function brokerOf(url: string, { BROKER_CA_FILE, BROKER_TOKEN_FILE }: ControllerConfig): SessionBroker {
  return brokerClient({ url, caFile: BROKER_CA_FILE, tokenFile: BROKER_TOKEN_FILE });
}

async function openCallers({ AUTH, CALLERS_FILE }: ControllerConfig, { reviews }: ControllerWorld, log: Logger): Promise<OpenCallers | undefined> {
  if (AUTH === 'none' || CALLERS_FILE === undefined) return undefined;
  const options = { file: CALLERS_FILE, refused: (problem: string) => log.error({ problem }, 'the changed callers cannot be used; those from before stay') };
  if (AUTH === 'file') return openKnownCallers({ ...options, warned: (problem) => log.warn({ problem }, 'the callers are not kept well') });
  return openReviewedCallers((token, toll) => reviews!.review(token, toll), options);
}

/** Resolves, once it is ended, when the last tick has. */
function everySoOften(reaper: Reaper): () => Promise<void> {
  let last = Promise.resolve();
  const timer = setInterval(() => { last = reaper.tick(); }, REAPER_EVERY).unref();
  return async () => {
    clearInterval(timer);
    await last;
  };
}
