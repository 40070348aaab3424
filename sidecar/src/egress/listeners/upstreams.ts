import type { Socket } from 'node:net';
import { UpstreamConnection } from '../../server/wire/upstream-connection';
import type { Leave } from '../gate/leave';
import type { Target } from '../targets/target';

/** Makes the connection to a target, with TLS where it is wanted. */
export type DialUpstream = (leave: Leave, target: Target, secure: boolean) => Promise<Socket>;

interface Kept {
  readonly connection: UpstreamConnection;
  /** By which a next connection is made. */
  leave: Leave;
}

/** One client talks to few hosts over one connection. */
const MAX_KEPT = 8;

/** Connections to upstreams, of one connection of one client alone: nothing that it sends can be read as a request of another. */
export class Upstreams {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly dial: DialUpstream) {}

  take(leave: Leave, target: Target, secure: boolean): UpstreamConnection {
    const origin = `${secure ? 'https' : 'http'}://${target.kind === 'address' && target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
    // Who shows another token is another client.
    const key = `${origin} ${leave.question.token}`;
    const known = this.kept.get(key);
    if (known !== undefined) {
      known.leave = leave;
      return known.connection;
    }
    this.makeRoom();
    const made: Kept = { leave, connection: new UpstreamConnection({ origin, dial: (_options, done) => this.connect(made, target, secure, done) }) };
    this.kept.set(key, made);
    return made.connection;
  }

  /** The client has gone. */
  destroy(): void {
    const all = [...this.kept.values()];
    this.kept.clear();
    all.forEach(({ connection }) => void connection.destroy().catch(() => undefined));
  }

  private connect(kept: Kept, target: Target, secure: boolean, done: (...outcome: [null, Socket] | [Error, null]) => void): void {
    this.dial(kept.leave, target, secure).then((socket) => done(null, socket), (error: Error) => done(error, null));
  }

  private makeRoom(): void {
    if (this.kept.size < MAX_KEPT) return;
    const [oldest, { connection }] = this.kept.entries().next().value!;
    this.kept.delete(oldest);
    connection.close();
  }
}
