import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { serverArgs } from '../../src/manifests/server-args';
import { RATES } from '../../src/protocol/env';
import type { PoolEntry } from '../../src/protocol/session-pools';
import { freePorts, ready, run, Server } from '../broker/servers';

const BUNDLES = resolve(__dirname, '../../sidecar/dist');
const ROLES = ['controller', 'gateway', 'session'] as const;

/** Warm workers: as many as sessions are created one after the other before it is waited for new ones. */
export const POOL: PoolEntry = { namespace: 'bench', name: 'python', maxSessionSeconds: 3600, idleSeconds: 3600, replicas: 4 };

/** One client may begin fewer requests in a second than are measured, so there are several. All of them see all sessions. */
export const CLIENTS = 10;

/** Where the servers keep and find things, and what they are known by. */
export interface Places {
  readonly state: string;
  readonly sessionKeys: string;
  readonly pools: string;
  readonly callers: string;
  readonly token: string;
  readonly apiKeysFile: string;
  readonly apiKeys: readonly string[];
}

/** Throws when something has to be built first. */
export function checkBundles(): void {
  const missing = ROLES.filter((role) => !existsSync(join(BUNDLES, `${role}.mjs`)));
  if (missing.length > 0) throw new Error(`${missing.map((role) => `sidecar/dist/${role}.mjs`).join(', ')} not there: node sidecar/bundle.mjs builds them`);
}

export function writePlaces(folder: string): Places {
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const token = randomBytes(32).toString('hex');
  const apiKeys = Array.from({ length: CLIENTS }, () => randomBytes(32).toString('hex'));
  const hashes = apiKeys.map((key, at) => [`sha256:${createHash('sha256').update(key).digest('hex')}`, { name: `bench-${at}`, admin: true }]);
  return {
    state,
    sessionKeys: join(state, 'session-keys'),
    pools: write('pools.json', JSON.stringify({ pools: [POOL] })),
    callers: write('callers.json', JSON.stringify({ [token]: { namespace: 'bench', serviceAccount: 'gateway', onBehalf: true } })),
    token: write('token', token),
    apiKeysFile: write('api-keys.json', JSON.stringify(Object.fromEntries(hashes))),
    apiKeys,
  };
}

export function startController(compiled: string, { state, pools, callers }: Places, store: Server): Promise<Server> {
  return start(compiled, 'controller', {
    PROVIDER: 'process', POOLS_FILE: pools, AUTH: 'file', CALLERS_FILE: callers, STATE_DIR: state, STORE_URL: store.url,
  });
}

export function startGateway(compiled: string, { sessionKeys, token, apiKeysFile }: Places, store: Server, controller: Server): Promise<Server> {
  return start(compiled, 'gateway', {
    API_KEYS_FILE: apiKeysFile,
    CONTROLLER_URL: controller.url,
    CONTROLLER_TOKEN_FILE: token,
    STORE_URL: store.url,
    SESSION_KEYS_DIR: sessionKeys,
    REQUESTS_PER_SECOND: String(RATES[1]),
    CONCURRENT_PER_CLIENT: '1000',
    CONCURRENT: '10000',
  });
}

/** What runs in a worker, on the core of the load. */
export async function startStub(compiled: string): Promise<Server> {
  const [port] = await freePorts(1);
  return ready(run(compiled, [join(compiled, 'stub.js'), String(port)], {}, 1), `http://127.0.0.1:${port}`, isOk);
}

export async function startPassThrough(compiled: string, stub: Server): Promise<Server> {
  const [port] = await freePorts(1);
  return ready(run(compiled, [join(compiled, 'pass-through.js'), String(port), stub.url], {}), `http://127.0.0.1:${port}`, isOk);
}

const isOk = async (url: string): Promise<boolean> => (await fetch(url)).ok;

async function start(compiled: string, role: 'controller' | 'gateway', env: NodeJS.ProcessEnv): Promise<Server> {
  const [port, adminPort] = await freePorts(2);
  const child = run(compiled, serverArgs(join(BUNDLES, `${role}.mjs`)), {
    [`${role.toUpperCase()}_LISTEN`]: `127.0.0.1:${port}`, ADMIN_LISTEN: `127.0.0.1:${adminPort}`, LOG_LEVEL: 'warn', ...env,
  });
  return ready(child, `http://127.0.0.1:${port}`, async () => isOk(`http://127.0.0.1:${adminPort}/readyz`));
}
