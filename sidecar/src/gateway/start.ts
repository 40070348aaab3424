import { buildGateway } from './app';
import { clientProblems, openClients } from './auth/clients';
import { controllerClient } from './controller-client';
import { OpenRequests } from './limits/open-requests';
import type { GATEWAY_ENV } from '../../../src/protocol/env';
import { mountedKeyring } from '../crypto/mounted-keyring';
import { followTls, readKeyPair } from '../server/http/tls';
import type { Config } from '../server/program/config';
import type { RoleContext, StartedRole } from '../server/program/role';
import { RequestMetrics } from '../server/telemetry/metrics';
import { after } from '../server/time/timers';
import { configuredStore } from '../store/configured-store';
import type { OpenStore } from '../store/open-store';

type Environment = typeof GATEWAY_ENV;
type Context = RoleContext<Environment>;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What is wrong with an environment, over several variables. */
export function gatewayProblems(config: Config<Environment>): string[] {
  return [...clientProblems(config), ...urlProblems(config.CONTROLLER_URL)];
}

/** The token for the controller would travel in clear text. */
function urlProblems(text: string): string[] {
  const { protocol, hostname } = URL.canParse(text) ? new URL(text) : { protocol: '', hostname: '' };
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) return [];
  return ['CONTROLLER_URL must be an https URL, or an http URL on loopback'];
}

/** Everything is open before anything listens. What others have to bring, as keys and the store, may come later. */
export async function startGateway({ config, log, registry }: Context, given: { readonly store?: OpenStore } = {}): Promise<StartedRole> {
  const clock = Date.now;
  const tls = config.TLS_DIR === undefined ? undefined : await readKeyPair(config.TLS_DIR);
  const clients = await openClients({ ...config, clock, log });
  const open = new OpenRequests({
    requestsPerSecond: config.REQUESTS_PER_SECOND, concurrentPerClient: config.CONCURRENT_PER_CLIENT, concurrent: config.CONCURRENT,
  }, clock);
  const keyring = mountedKeyring(config.SESSION_KEYS_DIR, clock);
  const store = given.store ?? configuredStore(config, clock);
  const { CONTROLLER_URL: url, CONTROLLER_CA_FILE: caFile, CONTROLLER_TOKEN_FILE: tokenFile } = config;
  const controller = controllerClient({ url, caFile, tokenFile, log });
  const unready = (): string | undefined => store.problem() ?? keyring.problem() ?? clients.problem();
  const app = buildGateway({
    entrance: { authenticate: (request) => clients.authenticate(request), enter: (principal) => open.enter(principal) },
    store: store.store,
    keyring,
    controller,
    clock,
    after,
    log,
    unready,
  }, { tls, metrics: new RequestMetrics(registry) });
  const stopTls = followTls(app.server, { folder: config.TLS_DIR, log, after, random: Math.random });
  return {
    servers: [{ name: 'gateway', app, listen: config.GATEWAY_LISTEN }],
    unready,
    close: async () => {
      stopTls();
      clients.close();
      await controller.close();
      if (given.store === undefined) await store.close();
    },
  };
}
