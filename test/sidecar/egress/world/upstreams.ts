import { once } from 'node:events';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo, createServer as createNetServer, Server as NetServer, Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer, TLSSocket } from 'node:tls';
import type { TestAuthority } from './authority';
import { HOSTS } from './catalog';
import type { Lookup, Resolver } from '../../../../sidecar/src/egress/destinations/resolver';
import { connected, type WayOut } from '../../../../sidecar/src/egress/upstream/dial';
import { after } from '../../../../sidecar/src/server/time/timers';

/** One connection that an upstream got, and every byte of it, without TLS. */
export interface Seen {
  /** That of the ClientHello; undefined without TLS. */
  readonly serverName?: string;
  text: string;
}

export interface Dialled {
  readonly addresses: readonly string[];
  readonly port: number;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What every name leads to, unless a test says otherwise: a public address, where the world has its upstreams. */
export const PUBLIC_ADDRESS = '93.184.216.34';

/** A port on which nobody listens: reserved, so that no program has it. https://www.iana.org/assignments/service-names-port-numbers */
export const DEAD_PORT = 1023;

/** Ports without TLS. */
const PLAIN_PORTS: readonly number[] = [80, 8080];

/** In the certificate; the wild host and what tests put beside it are below one name. */
const NAMES = [...Object.values(HOSTS).filter((host) => host !== HOSTS.wild), '*.down.wild.example.test', '*.wild.example.test'];

const OK: Answer = (request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'text/plain' }).end('hello from the upstream'));
};

/** Every server of the internet of the tests: one that speaks TLS, and one that does not. */
export class Upstreams {
  static async start(authority: TestAuthority): Promise<Upstreams> {
    const upstreams = new Upstreams(await authority.serving(...NAMES));
    for (const server of [upstreams.plain, upstreams.secure]) await once(server.listen(0, '127.0.0.1'), 'listening');
    return upstreams;
  }

  readonly seen: Seen[] = [];
  readonly dialled: Dialled[] = [];
  /** What the program asked DNS for. */
  readonly asked: string[] = [];
  answer = OK;
  upgrade: ((request: IncomingMessage, socket: Socket, head: Buffer) => void) | undefined;
  /** In place of HTTP: what becomes of a connection. */
  raw: ((socket: Socket) => void) | undefined;
  /** Answers of DNS by host. */
  addresses: Record<string, () => readonly string[]> = {};
  private readonly http: Server;
  private readonly plain: NetServer;
  private readonly secure: TlsServer;
  private readonly sockets = new Set<Socket>();

  private constructor(pair: { readonly cert: string; readonly key: string }) {
    this.http = createServer((request, response) => this.answer(request, response));
    // Asks for the body as others do, as soon as somebody wants to know.
    this.http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => (this.upgrade === undefined ? this.declined(socket) : this.upgrade(request, socket, head)));
    this.plain = createNetServer((socket) => this.take(socket));
    this.secure = createTlsServer({ ...pair, ALPNProtocols: ['http/1.1'] }, (socket) => this.take(socket));
    this.secure.on('tlsClientError', () => undefined);
    for (const server of [this.plain, this.secure]) server.on('connection', (socket: Socket) => this.follow(socket));
  }

  /** For the resolver of the proxy. */
  readonly lookup = async (host: string): Promise<Lookup> => {
    this.asked.push(host);
    return { addresses: (this.addresses[host] ?? (() => [PUBLIC_ADDRESS]))(), ttl: 0 };
  };

  /** For the proxy: names and addresses are checked as always, and what may be dialled is dialled here. */
  readonly way = (resolver: Pick<Resolver, 'resolve'>): WayOut => ({
    check: async (host) => void await resolver.resolve(host),
    dial: async (host, port) => {
      const addresses = await resolver.resolve(host);
      this.dialled.push({ addresses, port });
      if (DEAD_PORT === port) return connected(host, ['127.0.0.1'], DEAD_PORT, after);
      const server = PLAIN_PORTS.includes(port) ? this.plain : this.secure;
      return connected(host, ['127.0.0.1'], (server.address() as AddressInfo).port, after);
    },
  });

  /** Connections that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  /** All that came, over all connections. */
  get text(): string {
    return this.seen.map(({ text }) => text).join('\n');
  }

  /** Has the upstreams show another certificate. */
  async certify(authority: TestAuthority, ...names: string[]): Promise<void> {
    this.secure.setSecureContext(await authority.serving(...(names.length === 0 ? NAMES : names)));
  }

  reset(): void {
    this.cut();
    this.seen.length = this.dialled.length = this.asked.length = 0;
    this.addresses = {};
    this.answer = OK;
    this.upgrade = this.raw = undefined;
  }

  /** Ends every connection, as a host that loses power. */
  cut(how: 'silently' | 'reset' = 'silently'): void {
    this.sockets.forEach((socket) => (how === 'reset' ? socket.resetAndDestroy() : socket.destroy()));
  }

  async close(): Promise<void> {
    this.cut();
    await Promise.all([this.plain, this.secure].map((server) => new Promise((resolve) => server.close(resolve))));
  }

  private follow(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.sockets.delete(socket));
  }

  private take(socket: Socket): void {
    const serverName = socket instanceof TLSSocket ? socket.servername as string : undefined;
    const seen: Seen = { ...(serverName === undefined ? {} : { serverName }), text: '' };
    this.seen.push(seen);
    socket.on('error', () => socket.destroy());
    if (this.raw === undefined) this.http.emit('connection', socket);
    else this.raw(socket);
    // After the parser, which otherwise reads past every listener.
    socket.on('data', (chunk: Buffer) => { seen.text += chunk.toString('latin1'); });
  }

  private declined(socket: Socket): void {
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  }
}
