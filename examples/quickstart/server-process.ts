import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import * as path from 'node:path';

/** The bundled servers, as the image runs them. */
const BUNDLES = path.join(__dirname, '..', '..', 'sidecar', 'dist');

/** The variable that says where each of them listens. */
const LISTEN = { broker: 'BROKER_LISTEN', egress: 'EGRESS_LISTEN', session: 'SESSION_LISTEN', dev: 'GATEWAY_LISTEN' } as const;

export type ServerRole = keyof typeof LISTEN;

/** The settings of a server, but for where it listens. */
export type Settings = Readonly<Record<string, string>>;

/** A server on loopback, in a process of its own. */
export class ServerProcess {
  /** A server that is not started yet, so that whoever has it can end it at any moment. */
  public static async create(role: ServerRole, settings: Settings): Promise<ServerProcess> {
    const [port, adminPort] = await freePorts(2);
    return new ServerProcess(role, settings, port, adminPort);
  }

  public readonly url: string;
  private readonly listen: string;
  private readonly adminListen: string;
  private child?: ChildProcess;

  private constructor(private readonly role: ServerRole, private readonly settings: Settings, port: number, adminPort: number) {
    this.listen = `127.0.0.1:${port}`;
    this.adminListen = `127.0.0.1:${adminPort}`;
    this.url = `http://${this.listen}`;
  }

  /** Starts the process, on the same port each time, and waits until it is ready. */
  public async start(): Promise<void> {
    const child = this.child = spawn(process.execPath, [path.join(BUNDLES, `${this.role}.mjs`)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env.PATH,
        [LISTEN[this.role]]: this.listen,
        ADMIN_LISTEN: this.adminListen,
        ...this.settings,
      },
    });
    // Started while the others are being ended, it would stay behind.
    process.once('exit', () => child.kill('SIGKILL'));
    for (let attempt = 0; attempt < 200; attempt++) {
      const code = child.exitCode ?? child.signalCode;
      if (code !== null) throw new Error(`the ${this.role} server ended with ${code}`);
      const answer = await fetch(`http://${this.adminListen}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`the ${this.role} server was not ready within 5 s`);
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

/** Servers that end together. */
export class Servers {
  private readonly all: ServerProcess[] = [];

  public async create(role: ServerRole, settings: Settings): Promise<ServerProcess> {
    const server = await ServerProcess.create(role, settings);
    this.all.push(server);
    return server;
  }

  public async end(): Promise<void> {
    await Promise.all(this.all.map((server) => server.end('SIGTERM')));
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
