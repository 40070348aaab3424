import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { CREDENTIAL_NAMES, CredentialName, RunId, RUNS } from './catalog';
import type { RealBroker } from './real-broker';
import { Wire, WireAnswer } from './wire';

export type ListenerName = 'proxy' | 'baseUrl' | 'fence';

/** Where the proxy is, and whom its clients trust. */
export interface ProxyPlace {
  readonly ports: Readonly<Record<ListenerName, number>>;
  /** File with the CAs. */
  readonly bundleFile: string;
  readonly bundle: string;
}

export interface ConnectOptions {
  /** Header lines in place of the run's token. */
  readonly fields?: readonly string[];
  readonly version?: '1.0' | '1.1';
  readonly from?: string;
}

/** What one run has: its token, its surrogates, the address of its pod, and sockets. */
export class Agent {
  static async of(run: RunId, broker: RealBroker, place: ProxyPlace): Promise<Agent> {
    const bearers = await Promise.all(CREDENTIAL_NAMES.map(async (name) => [name, await broker.bearer(run, name)] as const));
    return new Agent(run, await broker.runToken(run), Object.fromEntries(bearers) as Record<CredentialName, string>, place);
  }

  private readonly wires: Wire[] = [];

  private constructor(
    readonly run: RunId, readonly token: string, readonly bearers: Readonly<Record<CredentialName, string>>, readonly place: ProxyPlace,
  ) {}

  /** The value of `HTTPS_PROXY`. */
  get proxyUrl(): string {
    return `http://${this.run}:${this.token}@127.0.0.1:${this.place.ports.proxy}`;
  }

  get proxyAuthorization(): string {
    return `Proxy-Authorization: ${basic(this.run, this.token)}`;
  }

  baseUrl(host: string): string {
    return `http://127.0.0.1:${this.place.ports.baseUrl}/${host}`;
  }

  async dial(listener: ListenerName = 'proxy', from: string = RUNS[this.run]): Promise<Wire> {
    const socket = connect({ port: this.place.ports[listener], host: '127.0.0.1', localAddress: from });
    const wire = new Wire(socket);
    this.wires.push(wire);
    await once(socket, 'connect');
    return wire;
  }

  /** Asks for a tunnel. */
  async connect(authority: string, { fields = [this.proxyAuthorization], version = '1.1', from }: ConnectOptions = {}): Promise<{ wire: Wire; answer: WireAnswer }> {
    const wire = await this.dial('proxy', from);
    wire.send([`CONNECT ${authority} HTTP/${version}`, `Host: ${authority}`, ...fields, '', ''].join('\r\n'));
    return { wire, answer: await wire.answer('CONNECT') };
  }

  /** A tunnel with TLS in it. Rejects when the TLS fails. */
  async tunnel(host: string, port = 443, options: ConnectionOptions = {}): Promise<Wire> {
    const { wire, answer } = await this.connect(`${host}:${port}`);
    if (answer.status !== 200) throw new Error(`CONNECT was answered with ${answer.status} ${answer.body}`);
    const socket = connectTls({ socket: wire.release(), servername: host, ca: this.place.bundle, ALPNProtocols: ['http/1.1'], ...options });
    const secured = new Wire(socket);
    this.wires.push(secured);
    await once(socket, 'secureConnect');
    return secured;
  }

  /** Sends one request over a tunnel of its own, byte for byte. */
  async ask(host: string, text: string, method = 'GET', port = 443): Promise<WireAnswer> {
    const wire = await this.tunnel(host, port);
    const answer = await wire.send(text).answer(method);
    wire.socket.destroy();
    return answer;
  }

  hangUp(): void {
    this.wires.splice(0).forEach(({ socket }) => socket.destroy());
  }
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Lines of a head, with the empty one behind it. */
export function head(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}
