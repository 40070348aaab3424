import type { IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import type { Connection } from './connection';
import { codeOfStatus, KubeError } from './kube-error';
import { fieldsOf, isFields } from '../server/text/fields';

/** One request, as it goes out. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  /** In which form the answer is wanted; plain JSON where not stated. */
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  /** Milliseconds until the headers of the answer are there. */
  readonly timeout: number;
  /** May be sent once more when a kept connection ended before an answer. */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal;
}

/** Bytes of a refusal that are read, to find its reason. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/**
 * Milliseconds that a connection without a call is kept: a third of what the API server keeps it, and below what proxies before
 * it usually do. Whoever ends it first knows that nothing is on its way.
 */
const IDLE = 30_000;

const REASON = /^[A-Za-z]{1,64}$/;

/** Sends requests over connections that are kept open; token and certificates are taken anew for each. */
export class Transport {
  private agent: Agent | undefined;
  private trusted: readonly (Buffer | undefined)[] = [];

  constructor(private readonly connection: Connection, private readonly idle = IDLE) {}

  /** Resolves with an answer whose status is 2xx; the caller reads it to its end or destroys it. */
  async send(call: Call): Promise<IncomingMessage> {
    const answer = await this.attempt(call, call.repeatable);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    if (status === 401) this.connection.token?.look?.();
    throw await refusal(call, status, answer);
  }

  close(): void {
    this.agent?.destroy();
  }

  /** Others of its connections are as dead where a proxy has forgotten them, or the server was replaced. */
  private attempt(call: Call, mayRepeat: boolean, failed?: Agent): Promise<IncomingMessage> {
    const { signal } = call;
    if (this.agent === failed) this.agent = undefined;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const agent = this.currentAgent();
      const outgoing = request({ ...this.options(call), agent });
      const abort = () => outgoing.destroy(signal?.reason);
      const timer = setTimeout(() => outgoing.destroy(new KubeError('Unavailable', `${name(call)}: no answer within ${call.timeout} ms`)), call.timeout);
      const settled = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      signal?.addEventListener('abort', abort);
      outgoing.on('response', (answer) => {
        settled();
        resolve(answer);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        settled();
        // A connection that was kept has died just as it was used again.
        if (mayRepeat && outgoing.reusedSocket && error.code === 'ECONNRESET') resolve(this.attempt(call, false, agent));
        else if (signal?.aborted === true || error instanceof KubeError) reject(error);
        else reject(new KubeError('Unavailable', `${name(call)}: ${error.code ?? 'the connection failed'}`, { cause: error }));
      });
      outgoing.end(call.body);
    });
  }

  private options({ method, path, accept = 'application/json', contentType, body }: Call): RequestOptions {
    const { server, serverName, token } = this.connection;
    return {
      method,
      // A name in brackets is that of an IPv6 address in a URL only.
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? 443 : Number(server.port),
      path: `${server.pathname.replace(/\/$/, '')}${path}`,
      ...(serverName === undefined ? {} : { servername: serverName }),
      headers: {
        accept,
        'user-agent': 'cdk8s-agent-platform',
        ...(token === undefined ? {} : { authorization: `Bearer ${token.content().toString().trim()}` }),
        ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
      },
    };
  }

  /** A new one when certificates have changed, or connections are dead; the connections of the one before end by themselves. */
  private currentAgent(): Agent {
    const { ca, certificate } = this.connection;
    const trusted = [ca?.content(), certificate?.cert.content(), certificate?.key.content()];
    if (this.agent === undefined || trusted.some((one, index) => one !== this.trusted[index])) {
      this.trusted = trusted;
      this.agent = new Agent({
        // Ends a connection that is free; what is silent while it is used goes on.
        timeout: this.idle,
        keepAlive: true,
        keepAliveMsecs: 15_000,
        maxFreeSockets: 8,
        ca: trusted[0],
        cert: trusted[1],
        key: trusted[2],
        minVersion: 'TLSv1.2',
      });
    }
    return this.agent;
  }
}

/** Method and path, without the query. */
export function name({ method, path }: Pick<Call, 'method' | 'path'>): string {
  return `${method} ${path.split('?', 1)[0]}`;
}

/** Reads an answer to its end; rejects when it is longer than `max` or breaks off. */
export async function bodyOf(call: Pick<Call, 'method' | 'path'>, answer: IncomingMessage, max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > max) throw new KubeError('TooLarge', `${name(call)}: the answer is longer than ${max} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof KubeError) throw error;
    throw new KubeError('Unavailable', `${name(call)}: the answer broke off`, { cause: error });
  }
  return Buffer.concat(chunks);
}

/** The message of the API server is not repeated in the text: it may quote the object. */
async function refusal(call: Call, status: number, answer: IncomingMessage): Promise<KubeError> {
  const text = await bodyOf(call, answer, MAX_REFUSAL_BYTES).then(String, () => '');
  const wait = Number(answer.headers['retry-after']);
  const { reason, message, next } = statusIn(text);
  return new KubeError(codeOfStatus(status), `${name(call)}: ${[status, reason].join(' ').trim()}`, {
    ...(wait > 0 && Number.isFinite(wait) ? { retryAfterSeconds: wait } : {}),
    ...(message === undefined ? {} : { statusMessage: message }),
    ...(next === undefined ? {} : { continue: next }),
  });
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
function statusIn(text: string): { readonly reason: string; readonly message?: string; readonly next?: string } {
  const { reason, message, metadata } = fieldsOf(text) ?? {};
  const next = isFields(metadata) ? metadata.continue : undefined;
  return {
    reason: typeof reason === 'string' && REASON.test(reason) ? reason : '',
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof next === 'string' && next !== '' ? { next } : {}),
  };
}
