import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { After } from './processes';

/** Thrown where something is done for a client that has gone. */
export class ClientGone extends Error {
  constructor() {
    super('the client went away');
  }
}

/**
 * Aborts when there is nobody to work for any more: the client went away, or it has its answer. That may be a refusal, as the server
 * gives one for what takes too long, while the work still goes on.
 */
export function departure(reply: FastifyReply): AbortController {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone;
}

/** Ends the connection of an answer that is sent as a whole when its client takes nothing of it for so long. */
export function endWhenUntaken({ raw, server }: FastifyReply, stalledMs: number): void {
  const watch = (socket: Socket): void => {
    socket.setTimeout(stalledMs);
    // Before Node's own listener, which sets the time of an idle connection.
    raw.prependOnceListener('finish', () => socket.setTimeout(server.initialConfig.connectionTimeout ?? 0));
  };
  // An answer that follows another one over the same connection gets it when that has been sent.
  if (raw.socket === null) raw.once('socket', watch);
  else watch(raw.socket);
}

/** Writes an answer as fast as its client takes it, and cuts off a client that takes nothing. */
export class AnswerWriter {
  constructor(private readonly raw: ServerResponse, private readonly stalledMs: number, private readonly timer: After) {}

  /**
   * Resolves when the client has taken so much that there is room for more; at once, without a promise, when there is.
   *
   * @throws ClientGone
   */
  write(bytes: string | Buffer): void | Promise<void> {
    if (this.raw.destroyed) throw new ClientGone();
    if (this.raw.write(bytes)) return undefined;
    return this.until((done) => {
      this.raw.once('drain', done);
      return () => this.raw.off('drain', done);
    });
  }

  /** Resolves when the bytes have been handed to the system, so that their memory is free. */
  flush(bytes: Buffer): Promise<void> {
    return this.until((done) => {
      this.raw.write(bytes, () => done());
      return () => undefined;
    });
  }

  /** Ends the answer. Its last bytes have to be taken in time too. */
  end(): void {
    if (this.raw.writableEnded) return;
    this.raw.once('close', this.timer(this.stalledMs, () => this.raw.destroy()));
    this.raw.end();
  }

  private until(wait: (done: () => void) => () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const stopTimer = this.timer(this.stalledMs, () => this.raw.destroy());
      const settle = (): void => {
        stopTimer();
        stopWaiting();
        this.raw.off('close', settle);
        if (this.raw.destroyed) reject(new ClientGone());
        else resolve();
      };
      this.raw.once('close', settle);
      const stopWaiting = wait(settle);
      if (this.raw.destroyed) settle();
    });
  }
}
