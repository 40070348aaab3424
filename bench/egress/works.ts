import { once } from 'node:events';
import type { Socket } from 'node:net';
import { HOSTS } from './documents';
import type { RunClient } from './servers';
import { HttpWire, nextBytes, proxyAuthorization, secured, Way } from './wire';

/** What one connection of a load does over and over. Rejects when it gets something else than what it is to get. */
export interface Worker {
  once(): Promise<void>;
  close(): void;
}

/** A kind of work at so many connections. */
export interface Work {
  readonly name: string;
  readonly connections: number;
  /** MiB that are moved each time; a work without is told in times. */
  readonly mib?: number;
  /** Most that it may cost, in units of the echo. */
  readonly target?: number;
  open(way: Way, client: RunClient): Promise<Worker>;
}

/** As programs send it. */
function request(method: string, target: string, host: string, fields: readonly string[], body = ''): Buffer {
  const usual = ['Accept: application/json', 'Accept-Encoding: gzip, deflate', 'User-Agent: agent/1.0', 'Content-Type: application/json', 'X-Request-Id: 7b1c'];
  const length = method === 'POST' ? [`Content-Length: ${body.length}`] : [];
  return Buffer.from([`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...usual, ...fields, ...length, '', body].join('\r\n'));
}

function toApi(method: string, path: string, body?: string) {
  return ({ bearer }: RunClient): Buffer => request(method, path, HOSTS.api, [`X-Api-Key: ${bearer}`], body);
}

async function openTls(way: Way, client: RunClient, from?: string): Promise<Socket> {
  return secured(way, await way.to(HOSTS.api, 443, client, from), HOSTS.api);
}

async function kept(way: Way, client: RunClient, text: Buffer): Promise<Worker> {
  const wire = new HttpWire(await openTls(way, client));
  return { once: () => wire.ask(text), close: () => void wire.socket.destroy() };
}

const BODY = JSON.stringify({ prompt: 'a'.repeat(4 * 1024) });
const GET = toApi('GET', '/v1/models');
const POST = toApi('POST', '/v1/messages', BODY);
const MIB = toApi('GET', '/mib');

export const get = (connections: number, target?: number): Work => (
  { name: 'GET in a tunnel', connections, target, open: (way, client) => kept(way, client, GET(client)) });

export const post = (connections: number): Work => (
  { name: 'POST 4 KiB in a tunnel', connections, open: (way, client) => kept(way, client, POST(client)) });

export const mebibytes = (connections: number): Work => (
  { name: 'download of 1 MiB in a tunnel that is read', connections, mib: 1, open: (way, client) => kept(way, client, MIB(client)) });

export const plain = (connections: number): Work => ({
  name: 'plain http GET',
  connections,
  open: async (way, client) => {
    const wire = new HttpWire(await way.plain(HOSTS.plain));
    const text = request('GET', `http://${HOSTS.plain}/v1/models`, HOSTS.plain, [`Proxy-Authorization: ${proxyAuthorization(client)}`]);
    return { once: () => wire.ask(text), close: () => void wire.socket.destroy() };
  },
});

/** Everything anew each time: connection, CONNECT, TLS, one request, end. */
export const newGet = (connections: number): Work => ({
  name: 'GET in a tunnel of its own',
  connections,
  open: async (way, client) => each(async () => {
    const wire = new HttpWire(await openTls(way, client));
    await wire.ask(GET(client));
    return wire.socket;
  }),
});

/** Up to the end of the handshake. */
export const newTls = (connections: number): Work => (
  { name: 'new tunnel that is read, with TLS', connections, open: async (way, client) => each(() => openTls(way, client)) });

/** Up to the first bytes of the upstream. */
export const newTunnel = (connections: number, hello: Buffer): Work => ({
  name: 'new tunnel that is not read',
  connections,
  open: async (way, client) => each(async () => {
    const socket = await way.to(HOSTS.short, 443, client);
    socket.write(hello);
    await nextBytes(socket);
    return socket;
  }),
});

/** Bytes of an upstream that sends as fast as they are taken. */
export const stream = (connections: number, hello: Buffer): Work => ({
  name: 'download through a tunnel that is not read',
  connections,
  mib: STREAM_MIB,
  open: async (way, client) => {
    const socket = await way.to(HOSTS.endless, 443, client);
    const amount = countsTo(socket);
    socket.write(hello);
    return { once: amount, close: () => void socket.destroy() };
  },
});

const STREAM_MIB = 4;

/** An idle connection: a tunnel that has begun, or one with TLS in which there was a request. */
export async function idleTunnel(way: Way, client: RunClient, hello: Buffer, from: string): Promise<Socket> {
  const socket = await way.to(HOSTS.short, 443, client, from);
  socket.write(hello);
  await nextBytes(socket);
  return socket;
}

export async function idleTls(way: Way, client: RunClient, from: string): Promise<Socket> {
  const wire = new HttpWire(await openTls(way, client, from));
  await wire.ask(GET(client));
  return wire.socket;
}

/** A connection each time, to its end on both sides. */
function each(run: () => Promise<Socket>): Worker {
  return {
    once: async () => {
      const socket = await run();
      const closed = once(socket, 'close');
      socket.end().resume();
      await closed;
    },
    close: () => undefined,
  };
}

/** Resolves each time that so many more bytes have come. */
function countsTo(socket: Socket): () => Promise<void> {
  let missing = 0;
  let wait: { readonly reached: () => void; readonly ended: (error: Error) => void } | undefined;
  socket.on('data', ({ length }: Buffer) => {
    missing -= length;
    if (missing <= 0) wait?.reached();
  }).once('close', () => wait?.ended(new Error('the tunnel has ended')));
  return () => new Promise((reached, ended) => {
    missing += STREAM_MIB * 1024 * 1024;
    wait = { reached, ended };
  });
}
