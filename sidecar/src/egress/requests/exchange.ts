import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { answerHead } from './answer-head';
import { SearchedBody } from './bearer-search';
import type { Answered, Call } from './call';
import { ClientAnswer } from './client-answer';
import { type Credentials, inAnswer } from './credential-search';
import { IdleWatch } from './idle-watch';
import { answerHeaders, type Header } from './passed-headers';
import type { RequestBody } from './request-body';
import { isBrokenOff, upstreamRefusal } from './upstream-refusal';
import type { EgressCode } from '../../../../src/protocol/egress-api';
import { ApiError } from '../../server/http/errors';
import type { After } from '../../server/time/timers';
import { isUpgrading } from '../../server/wire/upgrade';
import type { UpstreamConnection } from '../../server/wire/upstream-connection';
import { refuse } from '../refusals/refuse';

export interface ExchangeDeps {
  /** From now on answers end their connections. */
  readonly draining: () => boolean;
  readonly after: After;
}

/** A request as it goes to the upstream. */
export interface Outgoing {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: RequestBody;
  /** What no answer may show. */
  readonly credentials?: Credentials;
  readonly auditId?: string;
}

/** Sends a request, and the answer on to the client as it comes. Rejects with `ApiError` while there is still an answer to give. */
export function exchange(deps: ExchangeDeps, call: Call, outgoing: Outgoing): Promise<Answered> {
  return new Promise((resolve, reject) => new Exchange(deps, call, outgoing, resolve, reject).send());
}

/** May be sent twice: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 */
const IDEMPOTENT: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT'];

/** Answers that are whole with their head: https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
const BODILESS: readonly number[] = [204, 304];

/** Connections that have brought an answer, so that the next request may find them dead. */
const kept = new WeakSet<UpstreamConnection>();

/** https://undici.nodejs.org/#/docs/api/Dispatcher.md?id=parameter-dispatchhandler */
class Exchange implements Dispatcher.DispatchHandler {
  private readonly body: null | Buffer | SearchedBody;
  private readonly client: ClientAnswer;
  private readonly idle: IdleWatch;
  private controller: Dispatcher.DispatchController | undefined;
  private isOver = false;
  private isSecondTry = false;

  constructor(
    deps: ExchangeDeps, private readonly call: Call, private readonly outgoing: Outgoing,
    private readonly resolve: (answered: Answered) => void, private readonly reject: (error: Error) => void,
  ) {
    const { body, credentials } = outgoing;
    this.idle = new IdleWatch(deps.after, () => this.controller?.abort(this.silence()));
    this.body = body === null || Buffer.isBuffer(body) ? body : new SearchedBody(body, () => this.idle.moved());
    this.client = new ClientAnswer(call, { ...deps, search: credentials?.search(), gone: () => this.clientGone() });
  }

  send(): void {
    const { call: { upstream, request }, outgoing: { method, path, headers }, body } = this;
    const upgrade = isUpgrading(request) ? { upgrade: 'websocket' } : {};
    upstream.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, body, ...upgrade }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.idle.start();
    if (this.client.isGone) this.clientGone();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Of https://www.rfc-editor.org/rfc/rfc9110#section-15.2 none is for the client.
    if (status < 200) return;
    const head = answerHead(status, headers);
    if (this.outgoing.credentials?.isInHeaders(head) === true) throw inAnswer();
    this.client.head(status, head);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { upstream } = this.call;
    this.idle.moved();
    if (this.client.pass(chunk)) return;
    upstream.wait(controller);
    this.client.onceRead(() => {
      this.idle.moved();
      upstream.goOn();
    });
  }

  onResponseEnd(): void {
    kept.add(this.call.upstream);
    this.finish();
    this.client.end(() => this.settle(false));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    // Their length is that of an answer to another request, which undici misses.
    if (BODILESS.includes(this.client.status) && !this.client.isGone) return this.onResponseEnd();
    if (this.isWorthAnotherTry(error)) {
      this.isSecondTry = true;
      return void setImmediate(() => this.send());
    }
    this.finish();
    if (!this.client.isGone && !this.client.hasBegun) return this.refuse(upstreamRefusal(error));
    // An answer that ends early must not look like one that is whole.
    const refusal = this.client.isGone ? undefined : error;
    this.client.cutOff();
    this.settle(true, refusal instanceof ApiError ? refusal.code as EgressCode : undefined);
  }

  onRequestUpgrade(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders, upstream: Duplex): void {
    this.finish();
    const head = answerHeaders(headers);
    const problem = this.changeProblem(status, headers, head);
    if (problem === undefined && !this.client.isGone) {
      return this.client.changeProtocols(head, upstream as Socket, (exchanged) => this.resolve({ ...this.answered(false), ...exchanged }));
    }
    upstream.destroy();
    if (this.client.isGone) this.settle(true);
    else this.refuse(problem!);
  }

  private changeProblem(status: number, { upgrade }: IncomingHttpHeaders, head: readonly Header[]): Error | undefined {
    const isWanted = status === 101 && String(upgrade).toLowerCase() === 'websocket';
    if (!isWanted) return refuse('UPSTREAM_FAILED', 'the upstream changes to another protocol than it was asked for');
    return this.outgoing.credentials?.isInHeaders(head) === true ? inAnswer() : undefined;
  }

  /** A server may end a kept connection in the moment in which a request is sent over it. */
  private isWorthAnotherTry(error: Error): boolean {
    const { client, controller, isSecondTry, body, outgoing: { method } } = this;
    if (isSecondTry || client.isGone || client.hasHead || body !== null || !IDEMPOTENT.includes(method)) return false;
    return controller !== undefined && kept.has(this.call.upstream) && isBrokenOff(error);
  }

  private silence(): Error {
    const { request, response } = this.call;
    if (response.writableNeedDrain) return new Error('the client does not read');
    const isClients = this.body instanceof SearchedBody && !request.complete && !this.body.writableNeedDrain;
    if (isClients) return refuse('BAD_REQUEST', 'the rest of the body does not come', { status: 408 });
    return refuse('UPSTREAM_TIMEOUT', 'the upstream does not answer in time');
  }

  private clientGone(): void {
    if (this.isOver) this.settle(true);
    else this.controller?.abort(new Error('the client went away'));
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.idle.stop();
    if (this.body instanceof SearchedBody) this.body.destroy();
    this.call.upstream.giveBack();
  }

  private refuse(error: Error): void {
    this.client.leave();
    this.reject(error);
  }

  private settle(cutOff: boolean, code?: EgressCode): void {
    this.client.leave();
    this.resolve({ ...this.answered(cutOff), ...(code === undefined ? {} : { code }) });
  }

  private answered(cutOff: boolean): Answered {
    const { client: { status, received }, outgoing: { auditId } } = this;
    const sent = this.body instanceof SearchedBody ? this.body.sent : this.body?.length ?? 0;
    return { status, sent, received, cutOff, ...(auditId === undefined ? {} : { auditId }) };
  }
}
