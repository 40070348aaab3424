import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { AddressInfo, createServer, Socket } from 'node:net';
import { connect, ConnectionOptions } from 'node:tls';
import { ClientHelloReader, HelloState } from '../../../../sidecar/src/egress/hello/client-hello';

/** An extension: its type and what it carries. */
export type Extension = readonly [type: number, data: Buffer];

export interface HelloParts {
  readonly version?: number;
  readonly sessionId?: Buffer;
  readonly suites?: Buffer;
  readonly compressions?: Buffer;
  /** None: the hello ends before them. */
  readonly extensions?: readonly Extension[];
}

export const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s+/g, ''), 'hex');

/** A vector behind its length. https://www.rfc-editor.org/rfc/rfc8446#section-3.4 */
export function vector(size: number, ...parts: readonly Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  const length = Buffer.alloc(size);
  length.writeUIntBE(data.length, 0, size);
  return Buffer.concat([length, data]);
}

export function serverNames(...names: readonly (string | Buffer)[]): Extension {
  return [0, vector(2, ...names.map((name) => Buffer.concat([Buffer.of(0), vector(2, Buffer.from(name as string, 'latin1'))])))];
}

export function alpn(...names: readonly string[]): Extension {
  return [16, vector(2, ...names.map((name) => vector(1, Buffer.from(name, 'latin1'))))];
}

/** The message of a hello, without records. */
export function message({ version = 0x0303, sessionId = Buffer.alloc(32, 1), suites = bytes('1301c02b'), compressions = Buffer.of(0), extensions }: HelloParts): Buffer {
  const number = (value: number) => Buffer.of(value >> 8, value & 0xff);
  return Buffer.concat([Buffer.of(1), vector(3,
    number(version), Buffer.alloc(32, 7), vector(1, sessionId), vector(2, suites), vector(1, compressions),
    ...(extensions === undefined ? [] : [vector(2, ...extensions.map(([type, data]) => Buffer.concat([number(type), vector(2, data)])))]),
  )]);
}

/** Handshake records that carry at most `size` bytes each. */
export function records(data: Buffer, size = 16_384): Buffer {
  const all: Buffer[] = [];
  for (let at = 0; at < data.length; at += size) all.push(bytes('160301'), vector(2, data.subarray(at, at + size)));
  return Buffer.concat(all);
}

export function hello(parts: HelloParts): Buffer {
  return records(message(parts));
}

/** What a reader says in the end about bytes that come in chunks of the given sizes, over and over. */
export function readIn(data: Buffer, ...sizes: readonly number[]): HelloState {
  const reader = new ClientHelloReader();
  let state: HelloState = { state: 'need-more' };
  for (let at = 0, turn = 0; at < data.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? data.length;
    state = reader.push(data.subarray(at, at + size));
    at += size;
  }
  return state;
}

/** The first bytes that a client of Node sends. */
export async function helloOfNode(options: ConnectionOptions): Promise<Buffer> {
  return firstBytes(async (port) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    socket.on('error', () => undefined);
    return () => socket.destroy();
  });
}

export const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;

/** The first bytes that `openssl s_client` sends. */
export async function helloOfOpenssl(...args: readonly string[]): Promise<Buffer> {
  return firstBytes(async (port) => {
    const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], { stdio: 'ignore' });
    return () => child.kill();
  });
}

async function firstBytes(start: (port: number) => Promise<() => unknown>): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = await start((server.address() as AddressInfo).port);
  const [socket] = await once(server, 'connection') as [Socket];
  const [chunk] = await once(socket, 'data') as [Buffer];
  socket.destroy();
  stop();
  server.close();
  return chunk;
}
