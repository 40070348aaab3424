import { createServer, isIP, Server, Socket } from 'node:net';
import type { ProbeReply, ProbeRequest } from '../../../src/protocol/probe';

/** What a listener says to a request. */
export type Answer = (request: ProbeRequest, from: { readonly address: string; readonly port: number }) => ProbeReply;

/** Longest line that a listener reads. */
const LONGEST_REQUEST = 1024;

/** Milliseconds that somebody who connects has for a request, however little they send at a time. */
const PATIENCE = 5000;

const MAX_CONNECTIONS = 512;

/** Listens on all ports; each connection is one line in and one line out. Throws when a port is taken. */
export async function openListeners(ports: readonly number[], answer: Answer, host?: string, patience = PATIENCE): Promise<{ close(): void }> {
  const servers: Server[] = [];
  const close = () => servers.forEach((server) => server.close());
  try {
    for (const port of ports) {
      const server = createServer((socket) => serve(socket, port, answer, patience));
      server.maxConnections = MAX_CONNECTIONS;
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ port, host }, resolve));
      servers.push(server);
    }
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

function serve(socket: Socket, port: number, answer: Answer, patience: number): void {
  let text = '';
  const address = plainAddress(socket.remoteAddress ?? '');
  const timer = setTimeout(() => socket.destroy(), patience);
  socket.on('close', () => clearTimeout(timer)).setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (part) => {
    text += part;
    if (text.length > LONGEST_REQUEST) return void socket.destroy();
    if (!text.includes('\n')) return;
    socket.removeAllListeners('data');
    const request = requestOf(text.slice(0, text.indexOf('\n')));
    if (request === undefined) socket.destroy();
    else socket.end(`${JSON.stringify(answer(request, { address, port }))}\n`);
  });
}

/** A socket of both families shows IPv4 addresses in IPv6 form. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

const WORDS: readonly string[] = ['hello', 'go', 'result', 'stop'] satisfies ProbeRequest['say'][];

function requestOf(line: string): ProbeRequest | undefined {
  try {
    const { say, run, control } = JSON.parse(line) as ProbeRequest;
    const known = WORDS.includes(say) && (run === undefined || typeof run === 'string') && (control === undefined || isIP(control) !== 0);
    return known ? { say, run, control } : undefined;
  } catch {
    return undefined;
  }
}
