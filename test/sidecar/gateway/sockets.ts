import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type RequestListener, type RequestOptions, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { BASE, closeWorlds, ID } from './world';

const listeners: (Server | NetServer)[] = [];
const sockets = new Set<Socket>();

export async function closeWorkers(): Promise<void> {
  sockets.forEach((socket) => socket.destroy());
  sockets.clear();
  await Promise.all(listeners.splice(0).map((server) => new Promise((closed) => server.close(closed))));
}

/** Workers first: a gateway waits for what it has asked them. */
export async function closeAll(): Promise<void> {
  await closeWorkers();
  await closeWorlds();
}

async function listening(server: Server | NetServer, port = 0): Promise<number> {
  listeners.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A worker that answers HTTP; resolves to its port. */
export function worker(answer: RequestListener, port?: number): Promise<number> {
  return listening(createServer(answer), port);
}

/** A worker that answers each request as it likes, byte for byte. Told the text that has come so far. */
export function rawWorker(onData: (text: string, socket: Socket) => void): Promise<number> {
  return listening(createNetServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => onData(chunk.toString('latin1'), socket));
  }));
}

/** Says what it was asked. */
export const ECHO: RequestListener = (asked, answer) => {
  const chunks: Buffer[] = [];
  asked.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
    const body = JSON.stringify({ method: asked.method, url: asked.url, headers: asked.headers, rawHeaders: asked.rawHeaders, body: Buffer.concat(chunks).toString('latin1') });
    answer.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
  });
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Asked extends RequestOptions {
  readonly body?: string | Buffer;
}

/** Asks the gateway for a path behind `/invocations`. */
export function invoke(port: number, path = '/', { body, headers, ...more }: Asked = {}): Promise<Answer> {
  return ask(port, `${BASE}${path}`, { headers: { 'x-agentcube-session-id': ID, ...(headers as object) }, body, ...more });
}

export function ask(port: number, path: string, { body, ...more }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false, ...more }, (answer) => textOf(answer).then((text) => {
      resolve({ status: answer.statusCode!, headers: answer.headers, text, body: jsonOf(text) });
    }, reject));
    sent.once('error', reject);
    sent.end(body);
  });
}

/** The answer as soon as its head is there. */
export function opened(port: number, path: string, { body, headers, ...more }: Asked = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: `${BASE}${path}`, agent: false, headers: { 'x-agentcube-session-id': ID, ...(headers as object) }, ...more }, resolve);
    sent.once('error', reject);
    sent.end(body);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A bare connection to the gateway. */
export async function dialled(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('error', () => socket.destroy());
  socket.write(text, 'latin1');
  return socket;
}

/** Resolves once the condition holds; rejects after twenty seconds of looks, which is long for a busy machine too. */
export async function until(condition: () => boolean, what = 'it'): Promise<void> {
  for (let looks = 0; !condition(); looks += 1) {
    if (looks === 4000) throw new Error(`${what} did not come about`);
    await new Promise((next) => setTimeout(next, 5));
  }
}
