import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Servers and sockets of a test on loopback, which end with it. */
export class Loopback {
  readonly sockets = new Set<Socket>();
  private readonly servers: Server[] = [];

  /** The port of a server that is told each connection. */
  async serve(connected: (socket: Socket) => void, host = '127.0.0.1', port = 0): Promise<number> {
    return this.listen(createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      connected(socket);
    }), host, port);
  }

  async listen(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
    this.servers.push(server);
    server.on('connection', (socket: Socket) => this.keep(socket));
    server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    return (server.address() as AddressInfo).port;
  }

  /** A bare connection, which keeps what it is sent. */
  async client(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.keep(socket);
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return client;
  }

  async close(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    await Promise.all(this.servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  }

  private keep(socket: Socket): void {
    // A server may be given a connection twice.
    if (this.sockets.has(socket)) return;
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }
}

export class Client {
  received = Buffer.alloc(0);
  hasEnd = false;
  failure: string | undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => { this.received = Buffer.concat([this.received, chunk]); });
    socket.on('end', () => { this.hasEnd = true; });
    socket.on('error', (error: NodeJS.ErrnoException) => { this.failure = error.code; });
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  send(data: string | Buffer): this {
    this.socket.write(data, 'latin1');
    return this;
  }

  /** Until what has come matches. */
  async until(pattern: RegExp): Promise<string> {
    await until(() => pattern.test(this.text), `${String(pattern)} in ${JSON.stringify(this.text)}`);
    return this.text;
  }

  /** Until the other side has ended; then ends this one. */
  async ended(): Promise<string> {
    await until(() => this.hasEnd || this.socket.destroyed, 'the end of the connection');
    this.socket.end();
    return this.text;
  }
}

/** Resolves once the condition holds; rejects after some five thousand looks, which are more than twenty seconds: only time in which the process runs counts. */
export async function until(condition: () => boolean, what = 'it'): Promise<void> {
  for (let look = 0; !condition(); look += 1) {
    if (look === 5_000) throw new Error(`${what} did not come about`);
    await new Promise((next) => setTimeout(next, 3));
  }
}

/** Resolves once a number stays the same although what moves has had many turns, however long the process stood still in between. */
export async function atRest(moving: () => number): Promise<void> {
  for (let turns = 0, last = moving(); turns < 100; turns += 1) {
    await new Promise((next) => setTimeout(next, 1));
    if (moving() !== last) [turns, last] = [0, moving()];
  }
}
