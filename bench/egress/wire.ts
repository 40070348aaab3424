import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext, SecureContext, TLSSocket } from 'node:tls';
import type { Proxy, RunClient, Upstreams } from './servers';

/** How clients get to hosts. */
export interface Way {
  readonly secureContext: SecureContext;
  /** A connection whose bytes go to the host. */
  to(host: string, port: number, client: RunClient, from?: string): Promise<Socket>;
  /** For requests in the clear. */
  plain(host: string): Promise<Socket>;
}

export function throughProxy({ url, ca }: Proxy): Way {
  const dial = (localAddress?: string) => connected({ port: Number(new URL(url).port), localAddress });
  return {
    secureContext: createSecureContext({ ca }),
    to: async (host, port, client, from) => {
      const socket = await dial(from);
      socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\nProxy-Authorization: ${proxyAuthorization(client)}\r\n\r\n`);
      const answer = await nextBytes(socket);
      if (!/^HTTP\/1.1 200 [^\n]*\r\n\r\n$/.test(answer.toString('latin1'))) throw new Error(`CONNECT ${host}:${port} was answered with ${answer.toString('latin1')}`);
      return socket;
    },
    plain: () => dial(),
  };
}

export function straight({ ports }: Upstreams, ca: string): Way {
  return {
    secureContext: createSecureContext({ ca }),
    to: (host, port) => connected({ port: ports[`${host}:${port}`] }),
    plain: (host) => connected({ port: ports[`${host}:80`] }),
  };
}

export function proxyAuthorization({ name, token }: RunClient): string {
  return `Basic ${Buffer.from(`${name}:${token}`).toString('base64')}`;
}

async function connected(where: { readonly port: number; readonly localAddress?: string }): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', ...where }).setNoDelay(true);
  await once(socket, 'connect');
  // Whoever waits for an answer hears of the end by `close`.
  return socket.on('error', () => undefined);
}

/** Rejects when the connection ends before. */
export function nextBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('the connection has ended'));
    socket.once('close', ended).once('data', (bytes: Buffer) => {
      socket.off('close', ended);
      resolve(bytes);
    });
  });
}

/** A full handshake each time, as of programs that have just been started. */
export async function secured(way: Way, socket: Socket, host: string): Promise<TLSSocket> {
  const tls = connectTls({ socket, servername: host, secureContext: way.secureContext, ALPNProtocols: ['http/1.1'] });
  await once(tls, 'secureConnect');
  return tls.on('error', () => undefined);
}

/** What a TLS client begins with. All that comes behind it is for its proxy bytes like any others. */
export function helloFor(servername: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({ read: () => undefined, write: (chunk: Buffer) => resolve(chunk) });
    connectTls({ socket, servername });
  });
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** One request after the other over a connection, and its answer, which has a length. */
export class HttpWire {
  private settle: { readonly answered: () => void; readonly failed: (error: Error) => void } | undefined;
  private head: Buffer = Buffer.alloc(0);
  private missing: number | undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.read(chunk)).on('close', () => this.settle?.failed(new Error('the connection has ended')));
  }

  /** Rejects for another answer than 200. */
  ask(request: Buffer): Promise<void> {
    return new Promise((answered, failed) => {
      this.settle = { answered, failed };
      this.socket.write(request);
    });
  }

  private read(chunk: Buffer): void {
    if (this.missing !== undefined) return this.count(chunk.length);
    this.head = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
    const end = this.head.indexOf(END_OF_HEAD);
    if (end < 0) return undefined;
    const text = this.head.toString('latin1', 0, end);
    const behind = this.head.length - end - END_OF_HEAD.length;
    this.head = Buffer.alloc(0);
    if (!text.startsWith('HTTP/1.1 200 ')) return this.settle?.failed(new Error(text));
    this.missing = Number(/\r\ncontent-length: (\d+)/i.exec(text)![1]);
    return this.count(behind);
  }

  private count(bytes: number): void {
    this.missing! -= bytes;
    if (this.missing! > 0) return;
    this.missing = undefined;
    this.settle?.answered();
  }
}
