import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import * as path from 'node:path';

/** The bundled broker, as the image runs it. */
const BUNDLE = path.join(__dirname, '..', '..', 'sidecar', 'dist', 'broker.mjs');

/** Where a broker without cluster finds its things. */
export interface BrokerFolders {
  readonly catalog: string;
  readonly callers: string;
  readonly state: string;
}

/** A broker on loopback, in a process of its own. */
export class BrokerProcess {
  /** A broker that is not started yet, so that whoever has it can end it at any moment. */
  public static async create(folders: BrokerFolders): Promise<BrokerProcess> {
    const [port, adminPort] = await freePorts(2);
    return new BrokerProcess(folders, port, adminPort);
  }

  public readonly url: string;
  private child?: ChildProcess;

  private constructor(private readonly folders: BrokerFolders, private readonly port: number, private readonly adminPort: number) {
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts the process, on the same port each time, and waits until it is ready. */
  public async start(): Promise<void> {
    this.child = spawn(process.execPath, [BUNDLE], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env.PATH,
        BROKER_LISTEN: `127.0.0.1:${this.port}`,
        ADMIN_LISTEN: `127.0.0.1:${this.adminPort}`,
        CATALOG: 'directory',
        CATALOG_DIR: this.folders.catalog,
        CALLERS_FILE: this.folders.callers,
        STATE_DIR: this.folders.state,
      },
    });
    for (let attempt = 0; attempt < 200; attempt++) {
      if (this.child.exitCode !== null) throw new Error(`the broker ended with ${this.child.exitCode}`);
      const answer = await fetch(`http://127.0.0.1:${this.adminPort}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('the broker was not ready within 5 s');
  }

  /** Ends the process; with SIGKILL it gets no chance to save anything. */
  public async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as net.AddressInfo).port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
