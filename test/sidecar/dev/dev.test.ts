import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { devRole, DevParts } from '../../../sidecar/src/dev/dev';
import { DEV_POOL } from '../../../sidecar/src/dev/dev-files';
import { buildServer } from '../../../sidecar/src/server/http/build-server';
import { readEnvironment } from '../../../sidecar/src/server/program/config';
import { openRole } from '../../../sidecar/src/server/program/role';
import { createLogger } from '../../../sidecar/src/server/telemetry/log';
import type { OpenStore } from '../../../sidecar/src/store/open-store';
import { DEV_ENV } from '../../../src/protocol/env';
import { tempFolder } from '../../helpers/temp-folder';
import { ERRORS } from '../server/frame';

const root = tempFolder();

type Contexts = { [Part in 'startController' | 'startGateway']?: Parameters<DevParts[Part]>[0] };

/** Parts that only tell what they were started with, and when they ended. */
function world(more: Partial<DevParts> = {}) {
  const contexts: Contexts = {};
  const stores: OpenStore[] = [];
  const ended: string[] = [];
  const said: string[] = [];
  const logged: string[] = [];
  const log = createLogger({ role: 'dev', level: 'trace', destination: { write: (line: string) => void logged.push(line) } });
  const part = (name: string, listen: { host?: string; port: number }, text: string) => {
    const app = buildServer({ log, errors: ERRORS });
    app.get('/who', () => ({ name: text }));
    app.addHook('onClose', async () => void ended.push(`${name} server`));
    return { servers: [{ name, app, listen: { isLoopback: true, ...listen } }], close: async () => void ended.push(name) };
  };
  const parts: DevParts = {
    startController: async (context, { store }) => {
      contexts.startController = context;
      stores.push(store);
      return part('controller', context.config.CONTROLLER_LISTEN, 'controller');
    },
    startGateway: async (context, { store }) => {
      contexts.startGateway = context;
      stores.push(store);
      return part('gateway', context.config.GATEWAY_LISTEN, 'gateway');
    },
    sessionProgram: '/app/session.mjs',
    say: (line) => void said.push(line),
    ...more,
  };
  const open = (env: Record<string, string> = {}) => {
    const config = readEnvironment(DEV_ENV, { GATEWAY_LISTEN: '127.0.0.1:0', ADMIN_LISTEN: '127.0.0.1:0', ...env });
    return openRole(devRole(parts), config, log, async () => undefined);
  };
  return { open, contexts, stores, ended, said, logged };
}

test('controller and gateway share one store in memory, and the gateway finds the controller', async () => {
  const { open, contexts, stores } = world();
  const dev = await open();
  expect(stores[0]).toBe(stores[1]);
  const { CONTROLLER_URL } = contexts.startGateway!.config;
  expect(await (await fetch(`${CONTROLLER_URL}/who`)).json()).toEqual({ name: 'controller' });
  expect(await (await fetch(`http://${dev.addresses.gateway}/who`)).json()).toEqual({ name: 'gateway' });
  expect(contexts.startController!.config).toMatchObject({ PROVIDER: 'process', AUTH: 'file', SESSION_PROGRAM: '/app/session.mjs' });
  await dev.close();
});

test('a key is shown once, of which only the hash is in a file, and which no log has', async () => {
  const { open, contexts, said, logged } = world();
  const dev = await open();
  const [, key] = /^API key of this process: (\S{43})$/.exec(said[0])!;
  const file = contexts.startGateway!.config.API_KEYS_FILE!;
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ [`sha256:${createHash('sha256').update(key).digest('hex')}`]: { name: 'dev' } });
  expect(logged.join()).not.toContain(key);
  expect(said).toHaveLength(1);
  await dev.close();
});

test('the token of the gateway is one of the callers of the controller, and both files are the process’s own', async () => {
  const { open, contexts } = world();
  const dev = await open();
  const { CALLERS_FILE, POOLS_FILE } = contexts.startController!.config;
  const { CONTROLLER_TOKEN_FILE } = contexts.startGateway!.config;
  const callers = JSON.parse(readFileSync(CALLERS_FILE!, 'utf8'));
  expect(callers[readFileSync(CONTROLLER_TOKEN_FILE, 'utf8')]).toMatchObject({ onBehalf: true });
  expect([CALLERS_FILE!, CONTROLLER_TOKEN_FILE].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  expect(JSON.parse(readFileSync(POOLS_FILE, 'utf8'))).toEqual({ pools: [DEV_POOL] });
  await dev.close();
});

test('given files are used as they are, no key is shown, and a given folder stays', async () => {
  const { open, contexts, said } = world();
  const env = { STATE_DIR: join(root, 'state'), POOLS_FILE: '/given/pools', API_KEYS_FILE: '/given/keys', SESSION_PROGRAM: '/given/session.mjs' };
  const dev = await open(env);
  const { API_KEYS_FILE, ...ofController } = env;
  expect(contexts.startController!.config).toMatchObject(ofController);
  expect(contexts.startGateway!.config).toMatchObject({ API_KEYS_FILE, SESSION_KEYS_DIR: join(env.STATE_DIR, 'session-keys') });
  await dev.close();
  expect(said).toEqual([]);
  expect(existsSync(env.STATE_DIR)).toBe(true);
});

test('the gateway ends before the controller, and a temporary folder goes last', async () => {
  const { open, contexts, ended } = world();
  const dev = await open();
  const { STATE_DIR } = contexts.startController!.config;
  expect(existsSync(STATE_DIR!)).toBe(true);
  await dev.close();
  expect(ended).toEqual(['gateway server', 'gateway', 'controller server', 'controller']);
  expect(existsSync(STATE_DIR!)).toBe(false);
});

test('a gateway that does not start leaves no controller behind', async () => {
  const { open, contexts, ended, said } = world({ startGateway: () => Promise.reject(new Error('no gateway')) });
  await expect(open()).rejects.toThrow('no gateway');
  expect(ended).toEqual(['controller server', 'controller']);
  expect(said).toEqual([]);
  expect(existsSync(contexts.startController!.config.STATE_DIR!)).toBe(false);
});

test('a setting that cannot be is refused before anything is made', () => {
  expect(() => world().open({ DRAIN_SECONDS: 'soon' })).toThrow('DRAIN_SECONDS');
});
