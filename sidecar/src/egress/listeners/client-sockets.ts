import type { Server, Socket } from 'node:net';
import { clientAddressOf } from '../identity/client-address';

export interface SocketBounds {
  readonly perAddress: number;
  readonly altogether: number;
}

/** The connections of a listener: so many of one address, whoever it is, and all of them at hand when the proxy stops. */
export class ClientSockets {
  private readonly sockets = new Set<Socket>();
  private readonly counts = new Map<string, number>();

  constructor(server: Server, private readonly bounds: SocketBounds) {
    server.maxConnections = bounds.altogether;
    // Before any other listener, so that what is refused is served by nobody.
    server.prependListener('connection', (socket: Socket) => this.add(socket));
  }

  get size(): number {
    return this.sockets.size;
  }

  destroy(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }

  private add(socket: Socket): void {
    // Given back to the server after an answer, it is one that was counted before.
    if (this.sockets.has(socket)) return;
    // Not its network: clients are pods, of which each owns one address, and those of a node share a /64.
    const key = clientAddressOf(socket);
    const count = this.counts.get(key) ?? 0;
    if (count >= this.bounds.perAddress) return void socket.destroy();
    this.counts.set(key, count + 1);
    this.sockets.add(socket);
    socket.once('close', () => this.remove(socket, key));
  }

  private remove(socket: Socket, key: string): void {
    this.sockets.delete(socket);
    const left = this.counts.get(key)! - 1;
    if (left > 0) this.counts.set(key, left);
    else this.counts.delete(key);
  }
}
