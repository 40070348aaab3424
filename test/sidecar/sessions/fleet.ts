import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayClient, POOL } from './client';
import { Front } from './front';
import { bundlePrograms, Program } from './roles';
import { StartedWorkers } from './workers';
import { endProcessesAt } from '../../../sidecar/src/controller/process/process-table';
import { BrokerProcess, Environment } from '../../helpers/broker-process';
import { eventually } from '../../helpers/temp-folder';
import { TestServer } from '../store/servers';

// Each test of a fleet waits for several processes, and a busy machine lets them wait.
jest.setTimeout(120_000);

/** Whose keys the gateways know. */
export const PEOPLE = ['alice', 'bob', 'boss'] as const;
export type Person = (typeof PEOPLE)[number];

const TOKEN = 'token-of-the-gateway';
const POOLS = JSON.stringify({ pools: [{ ...POOL, maxSessionSeconds: 3600, idleSeconds: 900, replicas: 2 }] });
const SYSTEM = { namespace: 'platform', serviceAccount: 'gateway', onBehalf: true };

/** Controllers and gateways as processes over one store, with everything that they are told by files: in a folder that goes after them. */
export class Fleet {
  static async open(...storeArgs: readonly string[]): Promise<Fleet> {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
    const programs = bundlePrograms(join(folder, 'programs'));
    return new Fleet(folder, programs, await TestServer.start('redis-server', ...storeArgs), await Front.open());
  }

  readonly controllers: BrokerProcess[] = [];
  readonly gateways: BrokerProcess[] = [];
  /** Of shared controllers. */
  readonly workers: StartedWorkers;

  private constructor(
    private readonly folder: string, private readonly programs: (program: Program) => string, readonly store: TestServer, readonly front: Front,
  ) {
    const keys = Object.fromEntries(PEOPLE.map((name) => [hashOf(keyOf(name)), { name, admin: name === 'boss' }]));
    this.write('keys.json', JSON.stringify(keys));
    this.write('callers.json', JSON.stringify({ [TOKEN]: SYSTEM }));
    this.write('token', TOKEN);
    this.write('pools.json', POOLS);
    mkdirSync(this.state, { recursive: true });
    this.workers = new StartedWorkers(programs('session'), join(folder, 'workers'), join(this.state, 'trust'));
  }

  /** A controller as it is shipped, whose workers are its own. */
  startController(env: Environment = {}): Promise<BrokerProcess> {
    return this.start(this.controllers, 'controller', {
      PROVIDER: 'process',
      AUTH: 'file',
      CALLERS_FILE: this.file('callers.json'),
      POOLS_FILE: this.file('pools.json'),
      SESSION_PROGRAM: this.programs('session'),
      CONTROLLER_LISTEN: '127.0.0.1:0',
      ADMIN_LISTEN: '127.0.0.1:0',
      STATE_DIR: this.state,
      STORE_URL: this.store.url,
      ...env,
    });
  }

  /** A controller whose workers others have too. */
  startShared(env: Environment = {}): Promise<BrokerProcess> {
    return this.start(this.controllers, 'shared-controller', { STATE_DIR: this.state, STORE_URL: this.store.url, TOKEN, POOLS, WORKERS: this.file('workers'), ...env });
  }

  startGateway(env: Environment = {}): Promise<BrokerProcess> {
    return this.start(this.gateways, 'gateway', {
      API_KEYS_FILE: this.file('keys.json'),
      CONTROLLER_URL: this.front.url,
      CONTROLLER_TOKEN_FILE: this.file('token'),
      STORE_URL: this.store.url,
      SESSION_KEYS_DIR: join(this.state, 'session-keys'),
      GATEWAY_LISTEN: '127.0.0.1:0',
      ADMIN_LISTEN: '127.0.0.1:0',
      REQUESTS_PER_SECOND: '10000',
      ...env,
    });
  }

  /** Two controllers over the same workers, and two gateways. */
  async startPairs(workers: number, env: Environment = {}): Promise<void> {
    await this.startShared(env);
    // The first has made the keys that all read.
    await Promise.all([this.startShared(env), this.startGateway(), this.startGateway(), this.workers.add(workers)]);
  }

  as(name: Person, gateway = 0): GatewayClient {
    return new GatewayClient(this.gateways[gateway].addresses.gateway, keyOf(name));
  }

  anonymous(gateway = 0): GatewayClient {
    return new GatewayClient(this.gateways[gateway].addresses.gateway);
  }

  /** Makes shared controllers stop for good once they have got as far as that; the answer lets them go on again. */
  stopAt(point: 'claim' | 'init'): () => void {
    const file = join(this.state, `stop-at-${point}`);
    writeFileSync(file, '');
    return () => rmSync(file);
  }

  /** A shared controller looks for what is over, as if everything unfinished were old. */
  async look(controller: BrokerProcess): Promise<void> {
    const looks = (): number => controller.output.split('"looked"').length;
    const before = looks();
    process.kill(controller.pid, 'SIGUSR2');
    await eventually(() => looks() > before);
  }

  /** A dying process may take a connection yet: nobody is led to it any more, as where a Service has ready endpoints only. */
  async kill(controller: BrokerProcess): Promise<void> {
    this.front.behind = this.front.behind.filter((address) => address !== controller.addresses.controller);
    await controller.end('SIGKILL');
  }

  async stop(): Promise<void> {
    this.front.close();
    await Promise.all([...this.controllers, ...this.gateways].map((one) => one.end('SIGKILL')));
    await this.workers.stop();
    await this.store.stop();
    // A worker that has just been started may make its workspace after its controller is gone.
    await endProcessesAt(this.folder);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  private get state(): string {
    return this.file('state');
  }

  private async start(list: BrokerProcess[], program: Program, env: Environment): Promise<BrokerProcess> {
    const one = new BrokerProcess(this.programs(program), env);
    list.push(one);
    await one.ready();
    if (list === this.controllers) this.front.behind = [...this.front.behind, one.addresses.controller];
    return one;
  }

  private write(name: string, text: string): void {
    writeFileSync(this.file(name), text, { mode: 0o600 });
  }
}

/** What somebody sends to a gateway. */
export function keyOf(name: Person): string {
  return name.repeat(40).slice(0, 40);
}

function hashOf(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}
