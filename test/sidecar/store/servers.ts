import { ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import type { ConnectionTimes, StoreSecrets } from '../../../sidecar/src/store/client';
import { OpenStore, openStore } from '../../../sidecar/src/store/open-store';
import { parseStoreUrl } from '../../../sidecar/src/store/store-url';
import { STORE_USER } from '../../../src/protocol/objects';
import { freePort } from '../../helpers/free-port';

export type Binary = 'redis-server' | 'valkey-server';

export function isOnPath(binary: Binary): boolean {
  return spawnSync(binary, ['--version']).status === 0;
}

/** Asks again until it answers, for at most half a minute of looks: long for a busy machine too. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  let last: unknown;
  for (let attempt = 0; attempt < 600; attempt += 1) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error('it did not come about', { cause: last });
}

/** Line of an access list for the user that the tests look with; any password will do. */
export const TEST_USER = 'user test on nopass ~* &* +@all\n';
const TEST_LOGIN = { username: 'test', password: 'any' };

/** A server of its own on a port of loopback, with its data in a folder of its own. */
export class TestServer {
  static async start(binary: Binary, ...args: readonly string[]): Promise<TestServer> {
    const server = new TestServer(binary, await freePort(), args);
    return orStopped([server], async () => {
      await server.launch();
      return server;
    });
  }

  /** A node of a cluster that knows no others yet. */
  static async startNode(binary: Binary): Promise<TestServer> {
    return TestServer.start(binary, '--cluster-enabled', 'yes', '--cluster-port', String(await freePort()), '--cluster-node-timeout', '5000', '--cluster-require-full-coverage', 'no');
  }

  private readonly dir = mkdtempSync(join(tmpdir(), 'store-'));
  private child: ChildProcess | undefined;
  private client: ReturnType<TestServer['connected']> | undefined;

  private constructor(private readonly binary: Binary, readonly port: number, private readonly args: readonly string[]) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async launch(): Promise<void> {
    this.child = spawn(this.binary, [
      '--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.dir, '--save', '', ...this.args,
    ], { stdio: 'ignore' });
    await eventually(async () => await this.command('PING') === 'PONG' ? true : undefined);
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    this.client = undefined;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async command(...words: readonly string[]): Promise<unknown> {
    this.client ??= this.connected();
    return (await this.client).sendCommand([...words]);
  }

  private async connected() {
    const at = this.args.indexOf('--requirepass');
    // A server with an access list has this user beside those that are tested.
    const login = this.args.includes('--aclfile') ? TEST_LOGIN : at < 0 ? {} : { password: this.args[at + 1] };
    const client = createClient({ url: this.url, RESP: 2, socket: { reconnectStrategy: false }, ...login });
    client.on('error', () => { this.client = undefined; });
    return client.connect();
  }
}

/** Times of a store, in milliseconds: it looks often, and no busy server is late. */
export const TIMES = { answer: 20_000, connect: 20_000, look: 50, reconnect: 50 };

/** For servers that never answer. */
export const IMPATIENT = { ...TIMES, answer: 1000 };

/** Servers and stores over them; all end after the test. */
export function redisWorld() {
  const servers: TestServer[] = [];
  const stores: OpenStore[] = [];
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((one) => one.close()));
    await Promise.all(servers.splice(0).map((one) => one.stop()));
  });
  const started = async (...args: readonly string[]): Promise<TestServer> => {
    const server = await TestServer.start('redis-server', ...args);
    servers.push(server);
    return server;
  };
  return {
    servers,
    stores,
    started,
    /** A server that knows one user by a file in the folder. */
    withUser: (folder: string, password: string, name = STORE_USER): Promise<TestServer> => {
      const file = join(folder, 'users.acl');
      writeFileSync(file, `user default off\nuser ${name} on >${password} ~* +@all\n${TEST_USER}`);
      return started('--aclfile', file);
    },
    opened: (url: string, secrets: StoreSecrets = {}, times: ConnectionTimes = TIMES): OpenStore => {
      const store = openStore(parseStoreUrl(url, { hasPasswordFile: secrets.password !== undefined }), { clock: () => 0, times, ...secrets });
      stores.push(store);
      return store;
    },
  };
}

export async function ready(open: OpenStore): Promise<void> {
  await eventually(async () => open.problem() === undefined ? true : undefined);
}

const SLOTS = 16_384;

/** Servers do not outlive what fails. */
async function orStopped<T>(servers: readonly TestServer[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()));
    throw error;
  }
}

/** Three masters that share the slots. */
export async function startCluster(binary: Binary): Promise<readonly TestServer[]> {
  const nodes: TestServer[] = [];
  return orStopped(nodes, async () => {
    while (nodes.length < 3) nodes.push(await TestServer.startNode(binary));
    await joined(nodes);
    return nodes;
  });
}

async function joined(nodes: readonly TestServer[]): Promise<void> {
  const share = Math.ceil(SLOTS / nodes.length);
  for (const [at, node] of nodes.entries()) {
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(at * share), String(Math.min(SLOTS, (at + 1) * share) - 1));
  }
  for (const node of nodes.slice(1)) await node.command('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0].port), await busPort(nodes[0]));
  await eventually(async () => {
    const states = await Promise.all(nodes.map(async (node) => String(await node.command('CLUSTER', 'INFO'))));
    return states.every((state) => state.includes('cluster_state:ok') && state.includes('cluster_known_nodes:3')) ? true : undefined;
  });
}

async function busPort(node: TestServer): Promise<string> {
  const [, port] = await node.command('CONFIG', 'GET', 'cluster-port') as readonly string[];
  return port;
}
