import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { buildServer, type ServerOptions } from '../../../sidecar/src/server/http/build-server';
import type { RoleErrors } from '../../../sidecar/src/server/http/errors';
import { createLogger, type Logger, type LogLevel } from '../../../sidecar/src/server/telemetry/log';
import { BROKER_STATUS } from '../../../src/protocol/broker-api';

/** The broker's codes, as its server names them to the frame. */
export const ERRORS: RoleErrors<typeof BROKER_STATUS> = {
  table: BROKER_STATUS, malformed: 'BadRequest', unknownPath: 'NotFound', limited: 'RateLimited', unavailable: 'Unavailable', unexpected: 'ProviderFailure',
};

export interface CapturedLog {
  readonly log: Logger;
  /** Everything written, as it was written. */
  text(): string;
  lines(): Record<string, any>[];
}

export function capturedLog(level: LogLevel = 'info'): CapturedLog {
  const written: string[] = [];
  const log = createLogger({ role: 'test', level, destination: { write: (line: string) => void written.push(line) }, clock: () => 0 });
  return { log, text: () => written.join(''), lines: () => written.map((line) => JSON.parse(line)) };
}

const open: FastifyInstance[] = [];

/** A server with one strict route and one that fails; closed by `closeAll`. */
export function testServer(options: Partial<ServerOptions> = {}): FastifyInstance {
  const app = buildServer({ log: capturedLog().log, errors: ERRORS, ...options });
  const body = { type: 'object', additionalProperties: false, required: ['name'], properties: { name: { type: 'string', maxLength: 32 }, count: { type: 'integer' } } };
  app.post('/v1/issue', { schema: { body } }, (request) => ({ got: request.body }));
  app.get('/runs/:name', () => 'a run');
  app.post('/fails', () => {
    throw new Error('password is hunter2');
  });
  open.push(app);
  return app;
}

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((app) => app.close()));
}

export async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as { port: number }).port;
}

/** Sends the text as it is and resolves with all that comes back until the server closes. */
export function rawAnswer(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => answer += String(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

/** Code and message of an answer on the wire. */
export function refusalIn(answer: string): { status: number; code: string; message: string } {
  const [head, body] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), ...JSON.parse(body) };
}
