import { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, Server } from 'node:https';
import { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { KubeClient } from '../../../sidecar/src/kube/client';
import { Connection, fixed } from '../../../sidecar/src/kube/connection';
import { selfSigned } from '../server/certificate';

/** One request that arrived. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (response: ServerResponse, request: Arrived) => void;

const NOT_FOUND: Answer = (response) => json(response, 404, { reason: 'NotFound' });

/** An API server that answers as a test says, with every fault that a real one shows seldom. */
export class ApiStandIn {
  public readonly arrived: Arrived[] = [];
  public answer: Answer = NOT_FOUND;
  private readonly pair = selfSigned('api');
  private readonly sockets = new Set<Duplex>();
  private readonly clients: KubeClient[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer({ cert: this.pair.cert, key: this.pair.key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const arrived = { method: request.method!, url: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString() };
        this.arrived.push(arrived);
        this.answer(response, arrived);
      });
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** How to reach it, with a token that must never show. */
  connection(more: Partial<Connection> = {}): Connection {
    const { port } = this.server.address() as AddressInfo;
    return { server: new URL(`https://127.0.0.1:${port}`), ca: fixed(Buffer.from(this.pair.cert)), token: fixed(Buffer.from('planted-api-token\n')), ...more };
  }

  /** A client of it, which is closed with it and leaves nothing to chance. */
  client(): KubeClient {
    const client = new KubeClient(this.connection(), () => 0.5);
    this.clients.push(client);
    return client;
  }

  /** Cuts every connection, as a node that fails does. */
  cut(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }

  async close(): Promise<void> {
    this.clients.forEach((client) => client.close());
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function objectNamed(name: string, version = '1', more: object = {}) {
  return { metadata: { name, namespace: 'team-a', resourceVersion: version }, ...more };
}

/** The failure of a call, as `code message`. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'none', (error: { code?: string; message: string }) => `${error.code} ${error.message}`);
}
