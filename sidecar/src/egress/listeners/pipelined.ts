import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Clients hardly pipeline, and Node begins to serve whatever comes. */
const MAX_PIPELINED = 16;

/** Requests of one connection that wait for their answers. */
export class Pipelined {
  private readonly waiting = new WeakMap<Socket, number>();

  /** Whether there may be one more. */
  takes(socket: Socket, response: ServerResponse): boolean {
    const before = this.waiting.get(socket) ?? 0;
    if (before >= MAX_PIPELINED) return false;
    this.waiting.set(socket, before + 1);
    response.once('close', () => this.waiting.set(socket, this.waiting.get(socket)! - 1));
    return true;
  }
}
