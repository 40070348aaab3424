import type { Socket } from 'node:net';
import type { TunnelEnd } from '../../../../src/protocol/egress-api';
import { splice } from '../../server/wire/splice';
import type { ConnectionReport, ReportedEnd } from '../reports/connection-report';

/**
 * The sockets of one CONNECT, from its request on, and what is said of them in the end. Why they end is what was told first.
 */
export class Tunnel {
  private upstream: Socket | undefined;
  private outcome: TunnelEnd | undefined;
  private isJoined = false;
  private hasAnswer = false;
  private isFinished = false;
  /** Bytes of the upstream's socket that are not of the tunnel, but of a proxy before it. */
  private before = { read: 0, written: 0 };
  private readonly atEnd: (() => void)[] = [];

  constructor(readonly client: Socket, private readonly report: ConnectionReport) {
    client.on('error', this.clientFailed).once('close', this.closed).once('end', this.clientEnded).on('readable', this.look);
  }

  /** Nobody waits any more. */
  get isOver(): boolean {
    return this.client.destroyed;
  }

  /** Bytes from the client to the upstream, and back. */
  get bytes(): { readonly sent: number; readonly received: number } {
    const { upstream, before } = this;
    return { sent: (upstream?.bytesWritten ?? 0) - before.written, received: (upstream?.bytesRead ?? 0) - before.read };
  }

  /** Called when the tunnel is over, or let go. */
  onEnd(run: () => void): void {
    this.atEnd.push(run);
  }

  /** The client has its answer, and what it sends now is for the upstream. */
  get isEstablished(): boolean {
    return this.hasAnswer;
  }

  /** Answers the client. From now on somebody else reads what it sends. */
  establish(answer: string): void {
    this.hasAnswer = true;
    this.unlisten();
    this.client.write(answer, 'latin1');
  }

  /** Takes the connection to the upstream, which ends with the tunnel. */
  take(upstream: Socket): void {
    if (this.isOver) return void upstream.destroy();
    this.upstream = upstream;
    this.before = { read: upstream.bytesRead - upstream.readableLength, written: upstream.bytesWritten };
    upstream.on('error', () => this.because('UPSTREAM_RESET')).once('close', this.closed);
  }

  /** Passes bytes on both ways, until both have ended. */
  join(): void {
    this.isJoined = true;
    splice(this.client, this.upstream!);
  }

  /** At once, whatever is on its way. */
  end(why: TunnelEnd): void {
    this.because(why);
    this.client.destroy();
    this.upstream?.destroy();
  }

  /** The client is refused, or served by somebody else: neither its socket nor its report is a tunnel's any more. */
  letGo(said?: ReportedEnd): void {
    this.unlisten();
    // Its errors are heard as long as it lives.
    this.client.off('close', this.closed);
    this.upstream?.off('close', this.closed).destroy();
    this.finish(said);
  }

  /** After it was let go: whoever has the client now hears its errors. */
  forget(): void {
    this.client.off('error', this.clientFailed);
  }

  private unlisten(): void {
    this.client.off('readable', this.look).off('end', this.clientEnded);
  }

  private because(why: TunnelEnd): void {
    this.outcome ??= why;
  }

  private finish(said?: ReportedEnd): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.atEnd.splice(0).forEach((run) => run());
    if (said !== undefined) this.report.end(said);
  }

  private readonly clientFailed = (): void => {
    this.because('CLIENT_RESET');
    this.client.destroy();
  };

  private readonly clientEnded = (): void => this.end('CLOSED');

  /** Nobody reads a client that waits for its answer, so the end of it has to be looked for. */
  private readonly look = (): void => {
    if (this.client.readableLength === 0) this.client.read();
  };

  /** Once joined, what one side has sent before it closed still goes to the other. */
  private readonly closed = (): void => {
    this.because('CLOSED');
    if (!this.isJoined) this.end('CLOSED');
    const isOpen = [this.client, this.upstream].some((socket) => socket?.closed === false);
    if (!isOpen) this.finish({ outcome: this.outcome!, ...(this.isJoined ? this.bytes : {}) });
  };
}
