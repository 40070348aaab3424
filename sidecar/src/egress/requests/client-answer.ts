import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Call } from './call';
import { inAnswer } from './credential-search';
import { countExchanged, type Exchanged } from './exchanged';
import type { Header } from './passed-headers';
import type { StreamSearch } from './stream-search';
import { LINGER_TIMEOUT } from '../../../../src/protocol/egress-api';
import type { After } from '../../server/time/timers';
import { changeProtocols, discard, isUpgrading } from '../../server/wire/upgrade';

export interface ClientAnswerOptions {
  /** From now on answers end their connections. */
  readonly draining: () => boolean;
  readonly after: After;
  /** For what no answer may show. */
  readonly search?: StreamSearch;
  /** Called when the client has left. */
  readonly gone: () => void;
}

/** The answer to a client, as it comes from its upstream. */
export class ClientAnswer {
  status = 0;
  /** Bytes of the body that went on. */
  received = 0;
  /** Whether the client has got something of it. */
  hasBegun = false;
  private headers: readonly Header[] | undefined;
  private isLeft = false;
  private readonly socket: Socket;

  constructor(private readonly call: Call, private readonly options: ClientAnswerOptions) {
    this.socket = call.request.socket;
    // The answers that wait for their turn are not told of the end of the connection, and they may be many.
    this.socket.setMaxListeners(0).once('close', options.gone);
  }

  get isGone(): boolean {
    return this.socket.destroyed;
  }

  get hasHead(): boolean {
    return this.headers !== undefined;
  }

  /** The head goes out a turn later: what came along with it is searched by then, and a refusal still has its status. */
  head(status: number, headers: readonly Header[]): void {
    this.status = status;
    this.headers = headers;
    setImmediate(() => {
      if (this.hasBegun || this.isGone || this.isLeft) return;
      this.begin();
      this.call.response.flushHeaders();
    });
  }

  /** Whether more may come at once. Throws `CREDENTIAL_IN_ANSWER`. */
  pass(chunk: Buffer): boolean {
    const passing = this.options.search === undefined ? chunk : this.options.search.next(chunk);
    if (passing === undefined) throw inAnswer();
    return this.write(passing);
  }

  onceRead(run: () => void): void {
    this.call.response.once('drain', run);
  }

  end(finished: () => void): void {
    const { call: { request, response }, options: { search, after } } = this;
    if (search !== undefined) this.write(search.rest());
    if (this.isGone) return finished();
    this.begin();
    response.end(finished);
    if (request.complete) return;
    request.resume();
    const cancel = after(LINGER_TIMEOUT, () => this.socket.destroy());
    request.once('close', cancel);
  }

  /** Nothing that ends early may look whole: what has no length of its own is reset. */
  cutOff(): void {
    this.isLeft = true;
    if (this.isGone) return;
    if (this.call.request.httpVersionMinor === 0 && !(this.socket instanceof TLSSocket)) this.socket.resetAndDestroy();
    else this.call.response.destroy();
  }

  changeProtocols(headers: readonly Header[], upstream: Socket, closed: (exchanged: Exchanged) => void): void {
    this.status = 101;
    this.leave();
    countExchanged(this.socket, upstream, closed);
    changeProtocols(this.call.response, headers.flat(), upstream);
  }

  /** The client's going concerns nobody any more. */
  leave(): void {
    this.isLeft = true;
    this.socket.off('close', this.options.gone);
  }

  private write(bytes: Buffer): boolean {
    if (bytes.length === 0 || this.isGone) return true;
    this.begin();
    this.received += bytes.length;
    return this.call.response.write(bytes);
  }

  private begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const { request, response } = this.call;
    if (isUpgrading(request)) discard(this.socket);
    response.writeHead(this.status, [...this.headers!, ...(this.options.draining() ? [['connection', 'close']] : [])].flat());
  }
}
