import { mkdirSync, mkdtempSync } from 'node:fs';
import { Agent, IncomingHttpHeaders, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { verifyingKey } from '../../../../sidecar/src/crypto/signed-token';
import { createLogger } from '../../../../sidecar/src/server/telemetry/log';
import { buildSession } from '../../../../sidecar/src/session/app';
import { Beneath, openBeneath } from '../../../../sidecar/src/session/beneath';
import { baseEnvironment } from '../../../../sidecar/src/session/execute/base-environment';
import { NodeProcesses } from '../../../../sidecar/src/session/node-processes';
import type { Processes } from '../../../../sidecar/src/session/processes';
import { workRoutes } from '../../../../sidecar/src/session/routes/work-routes';
import { Identity } from '../../../../sidecar/src/session/state';
import type { WorkDeps } from '../../../../sidecar/src/session/work-deps';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { tempFolder } from '../../../helpers/temp-folder';
import { boundInit, BOOTSTRAP, NOW, requestToken } from '../build-session';
import { describeHelper, useHelper } from '../helper-program';

/** What starts commands and finds files. */
export interface Means {
  readonly processes: Processes;
  beneath(folder: string): Beneath;
}

export const NODE_MEANS: Means = { processes: new NodeProcesses(), beneath: openBeneath };

/** A block of tests that holds for both means. */
export function describeMeans(tests: (means: () => Means) => void): void {
  describeHelper('through the helper', () => {
    const helper = useHelper();
    tests(() => helper.current);
  });
  describe("by Node's own means", () => {
    tests(() => NODE_MEANS);
  });
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: object | string | Buffer | AsyncIterable<Buffer> | Iterable<Buffer>;
}

const base = tempFolder();
const open: { app: FastifyInstance; beneath: Beneath; agent: Agent }[] = [];

afterEach(async () => {
  for (const { app, beneath, agent } of open.splice(0)) {
    agent.destroy();
    await app.close();
    beneath.close();
  }
});

interface Target {
  readonly port: number;
  readonly agent?: Agent;
}

export interface Workbench {
  /** The workspace, with a folder `outside` beside it. */
  readonly folder: string;
  readonly port: number;
  readonly authorization: string;
  readonly output: () => string;
  readonly app: FastifyInstance;
  ask(method: string, path: string, asked?: Asked): Promise<Answered>;
  /** A command, with what else its body has. */
  execute(command: readonly string[], more?: object, headers?: Asked['headers']): Promise<Answered>;
}

/** A daemon that listens, with a session. */
export async function workbench(means: Means, more: Partial<WorkDeps> = {}, environment?: object): Promise<Workbench> {
  const folder = join(mkdtempSync(join(base, 'w-')), 'workspace');
  mkdirSync(folder);
  mkdirSync(join(folder, '..', 'outside'));
  return workbenchIn(folder, means, more, environment);
}

export async function workbenchIn(folder: string, means: Means, more: Partial<WorkDeps> = {}, environment?: object): Promise<Workbench> {
  const beneath = means.beneath(folder);
  const identity = new Identity();
  const lines: string[] = [];
  const app = buildSession({
    identity,
    bootstrapKeys: () => [verifyingKey(BOOTSTRAP.publicKey)],
    requireBootId: false,
    nativeHelper: means.processes.means === 'helper',
    clock: () => NOW * 1000,
    log: createLogger({ role: 'session', level: 'info', destination: { write: (line: string) => void lines.push(line) } }),
    routes: [workRoutes({
      processes: means.processes, beneath, baseEnvironment: baseEnvironment({ PATH: process.env.PATH }), clock: () => Date.now(), ...more,
    })],
  });
  const agent = new Agent({ keepAlive: true });
  open.push({ app, beneath, agent });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const challenge = async () => (await send({ port, agent }, 'GET', SESSION_ROUTES.init)).body;
  const init = await boundInit({ challenge, identity } as Parameters<typeof boundInit>[0], {}, environment);
  expect(await send({ port, agent }, 'POST', SESSION_ROUTES.init, { body: init })).toMatchObject({ status: 200 });
  const authorization = `Bearer ${requestToken()}`;
  const ask: Workbench['ask'] = (method, path, { headers, body } = {}) => send({ port, agent }, method, path, { headers: { authorization, ...headers }, body });
  return {
    folder,
    port,
    authorization,
    ask,
    app,
    output: () => lines.join('\n'),
    execute: (command, others, headers) => ask('POST', SESSION_ROUTES.execute, { body: { command, ...others }, headers }),
  };
}

/** One request on the wire. A body that is an object is sent as JSON, an iterable in chunks of unknown length. */
export function send(to: Target, method: string, path: string, { headers = {}, body }: Asked = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', ...to, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const { 'content-type': type = '', 'content-disposition': disposition } = response.headers;
        const isJson = bytes.length > 0 && type.startsWith('application/json') && disposition === undefined;
        resolve({ status: response.statusCode!, headers: response.headers, bytes, body: isJson ? JSON.parse(bytes.toString()) : undefined });
      });
    });
    request.on('error', reject);
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) request.end(body);
    else if (Symbol.asyncIterator in body || Symbol.iterator in body) void sendPieces(request, body as Iterable<Buffer>);
    else request.end(JSON.stringify(body));
  });
}

async function sendPieces(request: ReturnType<typeof httpRequest>, pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
  const closed = new Promise((resolve) => request.once('close', resolve));
  for await (const piece of pieces) {
    if (!request.write(piece)) await Promise.race([new Promise((resolve) => request.once('drain', resolve)), closed]);
    if (request.destroyed) return;
  }
  request.end();
}

