import { createServer, IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SessionClient, SessionClientOptions } from '../../src/client';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a list as pieces of a stream. */
  readonly body?: object | string | readonly string[];
  /** Whether the connection is cut after the body. */
  readonly cut?: boolean;
}

export interface Gateway {
  readonly asked: Asked[];
  /** What is answered, in this order; the last one again and again. */
  readonly answers: Answer[];
  readonly url: string;
  client(options?: Partial<SessionClientOptions>): SessionClient;
}

const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** Something on loopback that answers as it is told. */
export async function gateway(...answers: Answer[]): Promise<Gateway> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({ method: request.method!, url: request.url!, headers: request.headers, text: Buffer.concat(chunks).toString() });
    const { status = 200, headers, body = {}, cut = false } = answers.length > 1 ? answers.shift()! : answers[0] ?? {};
    response.writeHead(status, headers);
    const pieces: readonly string[] = Array.isArray(body) ? body as readonly string[] : [typeof body === 'string' ? body : JSON.stringify(body)];
    for (const piece of pieces) if (piece !== '') await new Promise((resolve) => response.write(piece, resolve));
    if (cut) response.destroy();
    else response.end();
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, answers, url, client: (options) => new SessionClient({ url, token: 'planted-token', ...options }) };
}

export const PLACE = { namespace: 'team-a', name: 'python' } as const;

/** A refusal for a moment, which is over at once. */
export function soon(code: string, status = 503): Answer {
  return { status, headers: { 'retry-after': '0' }, body: { code, error: 'not now', message: 'not now' } };
}

export function events(...pairs: readonly (readonly [name: string, data: object])[]): string {
  return pairs.map(([name, data], index) => `id: ${index + 1}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('');
}

export const END = {
  exit_code: 0, duration: 0.5, start_time: '2026-05-04T09:00:00Z', end_time: '2026-05-04T09:00:01Z', timed_out: false, stdout_truncated: false, stderr_truncated: false,
};
