import { createServer, type IncomingHttpHeaders, request, type RequestListener, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { answerRefusal } from '../../../../sidecar/src/egress/refusals/http-refusal';
import { refusalOf } from '../../../../sidecar/src/egress/refusals/refusal-answer';
import type { Answered, Forward } from '../../../../sidecar/src/egress/requests/call';
import { forwarder } from '../../../../sidecar/src/egress/requests/forward';
import { after } from '../../../../sidecar/src/server/time/timers';
import type { After } from '../../../../sidecar/src/server/time/timers';
import { takeUpgrades } from '../../../../sidecar/src/server/wire/upgrade';
import { UpstreamConnection } from '../../../../sidecar/src/server/wire/upstream-connection';
import type { SubstituteAuthRequest, SubstituteAuthResponse } from '../../../../src/protocol/broker-api';
import type { Loopback } from '../loopback';

export const HOST = 'api.example.com';
export const RUN_TOKEN = 'pdk-egress-eyJhbGciOiJkaXIifQ..bm9uY2U.Y2lwaGVy.dGFn';
export const BEARER = 'pdk-usersecret-eyJhbGciOiJkaXIifQ..bm9uY2U.Y2lwaGVy.dGFn';
export const CREDENTIAL = 'sk-planted-credential-0123456789';

export type Substitute = (asked: SubstituteAuthRequest) => Promise<SubstituteAuthResponse>;

export interface WorldOptions {
  /** What the broker does; without it no request is substituted. */
  readonly substitute?: Substitute;
  readonly secure?: boolean;
  /** The port of the upstream as its URL names it. @default 443 or 80 */
  readonly port?: number;
  readonly after?: After;
  readonly draining?: () => boolean;
  /** Certificate authority of an upstream with TLS. @default - the upstream speaks without TLS */
  readonly ca?: string;
  readonly dial?: () => Promise<Socket>;
  /** Whether nobody else ends the connection to the upstream when the client has gone. */
  readonly leavesUpstream?: boolean;
}

export interface World {
  readonly port: number;
  readonly asked: SubstituteAuthRequest[];
  /** How the calls went: what they resolved to, or the refusal. */
  readonly outcomes: (Answered | { readonly code: string; readonly message: string })[];
  /** Connections to the upstream that are open. */
  readonly upstreams: Set<Socket>;
  dials(): number;
}

/** The broker's answer for a bearer in `Authorization`. */
export const exchangeBearer: Substitute = async ({ query = '' }) => ({
  setHeaders: { Authorization: `Bearer ${CREDENTIAL}` },
  allowedHeaders: ['Accept', 'User-Agent', 'Content-Type'],
  allowedQueryParams: [...new URLSearchParams(query).keys()],
  auditId: 'audit-1',
});

/** A client-facing server whose requests are all forwarded to one upstream on loopback. */
export async function forwardWorld(loopback: Loopback, upstreamPort: number, options: WorldOptions = {}): Promise<World> {
  const { substitute, secure = substitute !== undefined, port = secure ? 443 : 80, draining = () => false } = options;
  const asked: SubstituteAuthRequest[] = [];
  const outcomes: World['outcomes'] = [];
  const upstreams = new Set<Socket>();
  let dials = 0;
  const broker = {
    substitute: async (question: SubstituteAuthRequest) => {
      asked.push(question);
      return substitute!(question);
    },
  };
  const forward: Forward = forwarder({ broker, draining, after: options.after ?? after });
  const dial = options.dial ?? (() => dialled(upstreamPort, options.ca));
  const connections = new WeakMap<Socket, UpstreamConnection>();
  const upstreamOf = (client: Socket): UpstreamConnection => {
    const known = connections.get(client);
    if (known !== undefined) return known;
    const made = new UpstreamConnection({
      origin: `${secure ? 'https' : 'http'}://${HOST}:${port}`,
      dial: (_wanted, done) => {
        dials += 1;
        dial().then((socket) => {
          upstreams.add(socket);
          socket.on('close', () => upstreams.delete(socket));
          done(null, socket);
        }, (error: Error) => done(error, null));
      },
    });
    connections.set(client, made);
    if (options.leavesUpstream !== true) client.once('close', () => void made.destroy().catch(() => undefined));
    return made;
  };
  const listener: RequestListener = (incoming, response) => {
    const leave = {
      question: { token: RUN_TOKEN, clientAddress: '127.0.0.1', host: HOST, port },
      verdict: { allowed: true, until: Infinity, ...(substitute === undefined ? {} : { substituteAuth: true }) },
      dial,
    };
    const target = { host: HOST, kind: 'name' as const, port, path: incoming.url! };
    forward({ request: incoming, response, target, secure, leave, upstream: upstreamOf(incoming.socket) }).then(
      (answered) => outcomes.push(answered),
      (error) => {
        const refusal = refusalOf(error);
        outcomes.push({ code: refusal.code, message: `${refusal.message} ${String(refusal.cause ?? '')}` });
        answerRefusal(response, refusal, after);
      },
    );
  };
  const server = createServer({ requireHostHeader: false }, listener);
  server.on('clientError', (_error, socket: Socket) => socket.destroy());
  takeUpgrades(server, listener);
  return { port: await loopback.listen(server), asked, outcomes, upstreams, dials: () => dials };
}

function dialled(port: number, ca: string | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = ca === undefined ? connect(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', ca, servername: HOST });
    socket.once(ca === undefined ? 'connect' : 'secureConnect', () => resolve(socket)).once('error', reject);
  });
}

/** An upstream that answers HTTP. */
export function upstream(loopback: Loopback, answer: RequestListener): Promise<number> {
  return loopback.listen(createServer({ requireHostHeader: false }, answer));
}

/** An upstream that answers byte for byte what a test says, once the head of a request has come; told all that came on the connection. */
export function rawUpstream(loopback: Loopback, onHead: (socket: Socket, text: string) => void): Promise<number> {
  return loopback.serve((socket) => {
    socket.once('end', () => socket.end());
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      const told = text;
      text = '';
      onHead(socket, told);
    });
  });
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly raw: readonly string[];
  readonly text: string;
}

export interface Asking extends RequestOptions {
  readonly body?: string | Buffer;
}

export function ask(port: number, path: string, { body, ...more }: Asking = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false, ...more }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, raw: answer.rawHeaders, text: Buffer.concat(chunks).toString('latin1') }));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Says what it was asked, header by header. */
export const ECHO: RequestListener = (asked, answer) => {
  const chunks: Buffer[] = [];
  asked.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
    const { method, url, headers, rawHeaders } = asked;
    answer.end(JSON.stringify({ method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString('latin1') }));
  });
};
