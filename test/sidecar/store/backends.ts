import { Binary, isOnPath, ready, startCluster, TestServer, TIMES } from './servers';
import { MemorySessionStore } from '../../../sidecar/src/store/memory';
import { openStore, OpenStore } from '../../../sidecar/src/store/open-store';
import { parseStoreUrl } from '../../../sidecar/src/store/store-url';

export interface Backend {
  readonly open: OpenStore;
  /** Masters; none for memory. */
  readonly servers: readonly TestServer[];
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

export interface BackendKind {
  readonly name: string;
  /** What has to be on PATH. */
  readonly binary?: Binary;
  readonly start: () => Promise<Backend>;
}

export function memoryBackend(): Backend {
  let open = fresh();
  const backend = { get open() { return open; }, servers: [], wipe: async () => { open = fresh(); }, stop: async () => undefined };
  return backend;
}

function fresh(): OpenStore {
  return { store: new MemorySessionStore(() => 0), problem: () => undefined, close: async () => undefined };
}

export async function serverBackend(servers: readonly TestServer[], query = ''): Promise<Backend> {
  const open = openStore(parseStoreUrl(`${servers[0].url}${query}`), { clock: () => 0, times: TIMES });
  await ready(open);
  return {
    open,
    servers,
    wipe: async () => { await Promise.all(servers.map((server) => server.command('FLUSHALL'))); },
    stop: async () => {
      await open.close();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

export const BACKENDS: readonly BackendKind[] = [
  { name: 'memory', start: async () => memoryBackend() },
  { name: 'one redis-server', binary: 'redis-server', start: async () => serverBackend([await TestServer.start('redis-server')]) },
  { name: 'a cluster of redis-server', binary: 'redis-server', start: async () => serverBackend(await startCluster('redis-server'), '?cluster=true') },
  { name: 'one valkey-server', binary: 'valkey-server', start: async () => serverBackend([await TestServer.start('valkey-server')]) },
  { name: 'a cluster of valkey-server', binary: 'valkey-server', start: async () => serverBackend(await startCluster('valkey-server'), '?cluster=true') },
];

/** Runs the block over each backend; those without their server are skipped by name. */
export function overBackends(backends: readonly BackendKind[], block: (backend: () => Backend) => void): void {
  for (const { name, binary, start } of backends) {
    (binary === undefined || isOnPath(binary) ? describe : describe.skip)(`over ${name}`, () => {
      let backend: Backend;
      beforeAll(async () => { backend = await start(); }, 120_000);
      beforeEach(() => backend.wipe());
      afterAll(() => backend?.stop());
      block(() => backend);
    });
  }
}
