import { once } from 'node:events';
import { AddressInfo, connect, createServer, Server, Socket } from 'node:net';

/** A wire between a client and a server that can be cut and mended; its port stays the same. */
export class TcpProxy {
  public static async to(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, { host: hostname, port: Number(port) });
  }

  public readonly port: number;
  private readonly sockets = new Set<Socket>();
  private state: 'whole' | 'cut' | 'silent' = 'whole';

  private constructor(private readonly server: Server, private readonly target: { readonly host: string; readonly port: number }) {
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.join(socket));
  }

  /** Ends what is open, and whatever is opened from now on. */
  cut(): void {
    this.state = 'cut';
    this.sockets.forEach((socket) => socket.destroy());
  }

  /** Ends nothing and passes nothing on, as a network that drops every packet. */
  silence(): void {
    this.state = 'silent';
    // What comes is taken and lost.
    this.sockets.forEach((socket) => socket.unpipe().resume());
  }

  /** What was open before is lost. */
  mend(): void {
    this.sockets.forEach((socket) => socket.destroy());
    this.state = 'whole';
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private join(client: Socket): void {
    if (this.state === 'cut') {
      client.destroy();
      return;
    }
    const server = this.state === 'silent' ? undefined : connect(this.target);
    for (const [one, other] of [[client, server], [server, client]]) {
      if (one === undefined) continue;
      this.sockets.add(one);
      one.on('error', () => other?.destroy()).on('close', () => {
        this.sockets.delete(one);
        other?.destroy();
      });
      if (other === undefined) one.resume();
      else one.pipe(other);
    }
  }
}
