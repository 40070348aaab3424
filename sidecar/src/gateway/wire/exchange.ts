import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { HeldAnswer, isNoAnswerOfTheSession, mayBeOfDaemon } from './daemon-refusal';
import { answerHeaders } from './forwarded-headers';
import { isOfTheWay, sandboxRefusal } from './sandbox-refusal';
import { changeProtocols, discard } from '../../server/wire/upgrade';
import type { UpstreamConnection } from '../../server/wire/upstream-connection';
import type { RequestBody } from '../invocations/request-body';

/** How a request to a worker went. */
export type Outcome =
  /** The answer goes to the client, or the client has gone. */
  | { readonly kind: 'answered' }
  /** There is no connection, and not a byte was sent. */
  | { readonly kind: 'unsent'; readonly cause: Error }
  /** The daemon has no session, or another one: nothing was done. */
  | { readonly kind: 'foreign' };

/** Milliseconds for the change of protocols. A client that has already sent more is not seen to go until then. */
const LONGEST_UPGRADE = 30_000;

const ANSWERED: Outcome = { kind: 'answered' };

/** One request to a worker. */
export interface Attempt {
  readonly connection: UpstreamConnection;
  readonly sessionId: string;
  readonly path: string;
  readonly headers: string[];
  readonly body: RequestBody;
  /** Whether the client wants to speak WebSocket. */
  readonly upgrade: boolean;
  /** From now on answers end their connections. */
  readonly draining: () => boolean;
}

/** Sends the request once, and the answer on to the client as it comes. Rejects with `ApiError` while there is still an answer to give. */
export function exchange(attempt: Attempt, request: FastifyRequest, reply: FastifyReply): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const { connection, path, headers, body, upgrade } = attempt;
    const handler = new Exchange(attempt, request, reply, resolve, reject);
    connection.dispatch({
      method: request.method as Dispatcher.HttpMethod, path, headers, body, ...(upgrade ? { upgrade: 'websocket', headersTimeout: LONGEST_UPGRADE } : {}),
    }, handler);
  });
}

/** https://undici.nodejs.org/#/docs/api/Dispatcher.md?id=parameter-dispatchhandler */
class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private held: HeldAnswer | undefined;
  private begun = false;
  private over = false;

  constructor(
    private readonly attempt: Attempt,
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    private readonly resolve: (outcome: Outcome) => void,
    private readonly reject: (error: Error) => void,
  ) {
    reply.raw.on('close', () => this.clientGone());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.reply.raw.destroyed) this.clientGone();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Of https://www.rfc-editor.org/rfc/rfc9110#section-15.2 none is for the client.
    if (status < 200) return;
    if (mayBeOfDaemon(status, headers)) this.held = { status, headers, chunks: [] };
    else this.begin(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.held !== undefined) {this.held.chunks.push(chunk);} else if (!this.reply.raw.write(chunk)) {
      const { connection } = this.attempt;
      connection.wait(controller);
      this.reply.raw.once('drain', () => connection.goOn());
    }
  }

  onResponseEnd(): void {
    this.finish();
    const { held } = this;
    if (held !== undefined) {
      if (isNoAnswerOfTheSession(held)) return this.resolve({ kind: 'foreign' });
      this.begin(held.status, held.headers);
      held.chunks.forEach((chunk) => this.reply.raw.write(chunk));
    }
    this.reply.raw.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.finish();
    // An answer that ends early must not look like one that is whole.
    if (this.begun || this.reply.raw.destroyed) this.abandon();
    else if (this.controller === undefined && isOfTheWay(error)) this.resolve({ kind: 'unsent', cause: error });
    else this.reject(sandboxRefusal(error));
  }

  onRequestUpgrade(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders, worker: Duplex): void {
    this.finish();
    if (this.reply.raw.destroyed || status !== 101) {
      worker.destroy();
      return this.reply.raw.destroyed ? this.abandon() : this.reject(sandboxRefusal(new Error(`the worker changes protocols with ${status}`)));
    }
    this.hijack();
    changeProtocols(this.reply.raw, answerHeaders(headers, this.attempt.sessionId), worker as Socket);
  }

  private begin(status: number, headers: IncomingHttpHeaders): void {
    const answer = answerHeaders(headers, this.attempt.sessionId);
    // What the client still sends would be taken for its next request.
    if (this.attempt.draining() || !this.request.raw.complete) answer.connection = 'close';
    if (this.attempt.upgrade) discard(this.request.raw.socket);
    this.reply.raw.writeHead(status, answer);
    this.hijack();
  }

  private hijack(): void {
    this.begun = true;
    this.reply.hijack();
    this.resolve(ANSWERED);
  }

  private finish(): void {
    this.over = true;
    this.attempt.connection.giveBack();
  }

  private clientGone(): void {
    if (this.over) return;
    this.controller?.abort(new Error('the client went away'));
  }

  private abandon(): void {
    this.reply.raw.destroy();
    this.hijack();
  }
}
