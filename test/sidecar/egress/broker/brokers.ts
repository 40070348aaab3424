import { writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import type { CertifiedKey } from '../../../../sidecar/src/crypto/certificate-facts';
import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';
import { Broker, BrokerClientOptions, brokerClient, ATTEMPT_TIMEOUT } from '../../../../sidecar/src/egress/broker/broker-client';
import { tempFolder } from '../../../helpers/temp-folder';
import { PassingTime } from '../passing-time';

export const NAME = 'broker.agents.svc';
export const ONE = '127.0.0.1';
export const TWO = '127.0.0.2';

/** What a replica does with a question. */
export interface Behaviour {
  readonly status?: number;
  readonly body?: string;
  /** It never answers, and the time for it passes at once. */
  readonly hang?: boolean;
  readonly reset?: boolean;
}

export interface Asked {
  readonly by: Socket;
  readonly at: string;
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

const DAY = 86_400_000;
const validity = () => ({ now: Date.now(), notAfter: Date.now() + DAY });

/** Replicas of a broker on two addresses of loopback, whose answers a test chooses. */
export class Brokers {
  readonly asked: Asked[] = [];
  readonly behaviour: Record<string, Behaviour> = {};
  /** What DNS says. */
  addresses: readonly string[] = [ONE, TWO];
  connections = 0;
  now = 0;
  readonly caFile: string;
  readonly tokenFile: string;
  private readonly clients: Broker[] = [];
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly time = new PassingTime();
  private port = 0;

  constructor() {
    const folder = tempFolder();
    this.caFile = join(folder, 'ca.crt');
    this.tokenFile = join(folder, 'token');
    writeFileSync(this.tokenFile, 'token-1\n');
  }

  async start(): Promise<void> {
    const authority = await makeAuthority('brokers', validity());
    writeFileSync(this.caFile, authority.cert);
    const pair = await makeServingPair(authority, [NAME], validity());
    for (const address of [ONE, TWO]) this.port = await this.listen(address, this.port, pair);
  }

  /** Has both replicas show certificates of another authority, which is returned. */
  async changeAuthority(name = NAME): Promise<string> {
    const authority = await makeAuthority('others', validity());
    const pair = await makeServingPair(authority, [name], validity());
    this.servers.forEach((server) => server.setSecureContext(pair));
    return authority.cert;
  }

  client(options: Partial<BrokerClientOptions> = {}): Broker {
    const client = brokerClient({
      url: `https://${NAME}:${this.port}`, caFile: this.caFile, tokenFile: this.tokenFile, clock: () => this.now, addressesOf: async () => this.addresses, after: this.time.after, ...options,
    });
    this.clients.push(client);
    return client;
  }

  reset(): void {
    this.asked.length = 0;
    this.addresses = [ONE, TWO];
    for (const address of [ONE, TWO]) this.behaviour[address] = { body: '{"allowed":true}' };
    writeFileSync(this.tokenFile, 'token-1\n');
  }

  /** Ends every connection, as a replica that is killed. */
  cut(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    this.cut();
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  private async listen(address: string, port: number, { cert, key }: CertifiedKey): Promise<number> {
    const server = createServer({ cert, key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
        this.asked.push({ by: request.socket, at: address, path: request.url, authorization: request.headers.authorization, body });
        const { status = 200, body: answer = '', hang = false, reset = false } = this.behaviour[address];
        if (reset) request.socket.destroy();
        else if (hang) void this.time.pass(ATTEMPT_TIMEOUT);
        else response.writeHead(status).end(answer);
      });
    });
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    return (server.address() as AddressInfo).port;
  }
}
