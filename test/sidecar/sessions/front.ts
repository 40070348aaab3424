import { once } from 'node:events';
import { AddressInfo, connect, createServer, Server, Socket } from 'node:net';

/** An address that stays while what is behind it comes and goes: the first that takes a connection gets it. */
export class Front {
  static async open(): Promise<Front> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Front(server);
  }

  /** As `host:port`, best first. */
  behind: readonly string[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => void this.lead(socket));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.sockets.forEach((socket) => socket.destroy());
    this.server.close();
  }

  private async lead(client: Socket): Promise<void> {
    this.sockets.add(client);
    client.on('error', () => client.destroy());
    const target = await this.dialled();
    if (target === undefined || client.destroyed) {
      target?.destroy();
      client.destroy();
      return;
    }
    target.on('error', () => target.destroy());
    client.pipe(target).pipe(client);
    client.once('close', () => target.destroy());
    target.once('close', () => client.destroy());
  }

  private async dialled(): Promise<Socket | undefined> {
    for (const address of this.behind) {
      const [host, port] = address.split(':');
      const socket = connect(Number(port), host);
      const reached = await new Promise((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
      if (reached === true) return socket;
    }
    return undefined;
  }
}
