import type { Duplex } from 'node:stream';
import { MAX_IDS, PROTOCOL_VERSION, REPLY, Reply, ReplyReader } from './protocol';

/** What the helper says of itself. */
export interface Hello {
  readonly pid: number;
  /** Whether it opens files beneath a folder by `openat2`. */
  readonly openat2: boolean;
}

/** The helper has ended, and everything that it started has been killed. */
export class HelperGone extends Error {
  constructor(cause?: unknown) {
    super('the helper has gone', { cause });
    this.name = 'HelperGone';
  }
}

/** Takes the replies for one id, and hears when there will be none. */
export interface ReplyTarget {
  reply(reply: Reply): void;
  gone(error: HelperGone): void;
}

/** The ids of one kind. The last one that became free is the next, so the helper's tables stay small. */
export class Ids {
  private readonly free = Array.from({ length: MAX_IDS }, (_, i) => MAX_IDS - 1 - i);
  private readonly targets = new Map<number, ReplyTarget>();

  /** A free id, or undefined when all are taken. */
  take(target: ReplyTarget): number | undefined {
    const id = this.free.pop();
    if (id !== undefined) this.targets.set(id, target);
    return id;
  }

  release(id: number): void {
    if (this.targets.delete(id)) this.free.push(id);
  }

  of(id: number): ReplyTarget | undefined {
    return this.targets.get(id);
  }

  all(): readonly ReplyTarget[] {
    return [...this.targets.values()];
  }
}

const OF_FILES: readonly number[] = [REPLY.OPENED, REPLY.NOT_OPENED];

/** The socket to the helper: replies go to those that asked. */
export class HelperConnection {
  /**
   * Waits for the greeting of the helper at the other end.
   *
   * @throws HelperGone when there is none, or its protocol is another.
   */
  static async open(socket: Duplex): Promise<{ readonly connection: HelperConnection; readonly hello: Hello }> {
    const connection = new HelperConnection(socket);
    const greeting = new Promise<Hello>((resolve) => {
      connection.onHello = resolve;
    });
    const hello = await Promise.race([greeting, connection.closed]);
    if (hello instanceof HelperGone) throw hello;
    return { connection, hello };
  }

  readonly commands = new Ids();
  readonly files = new Ids();
  /** Resolves when the helper has gone; never rejects. */
  readonly closed: Promise<HelperGone>;
  private readonly reader = new ReplyReader();
  private broken: HelperGone | undefined;
  private onHello: ((hello: Hello) => void) | undefined;

  private constructor(private readonly socket: Duplex) {
    this.closed = new Promise((resolve) => {
      const end = (cause?: unknown): void => {
        if (this.broken !== undefined) return;
        this.broken = new HelperGone(cause);
        this.socket.destroy();
        for (const target of [...this.commands.all(), ...this.files.all()]) target.gone(this.broken);
        resolve(this.broken);
      };
      socket.on('error', end);
      socket.on('close', () => end());
      socket.on('end', () => end());
      socket.on('data', (chunk: Buffer) => {
        try {
          this.reader.push(chunk, (reply) => this.route(reply));
        } catch (error) {
          end(error);
        }
      });
    });
  }

  send(frame: Buffer): void {
    if (this.broken === undefined) this.socket.write(frame);
  }

  /** Why nothing can be asked any more, or undefined. */
  get gone(): HelperGone | undefined {
    return this.broken;
  }

  /** Ends the helper, which kills everything that it started. */
  close(): void {
    this.socket.end();
  }

  private route(reply: Reply): void {
    if (reply.type === REPLY.HELLO) this.greet(reply);
    else (OF_FILES.includes(reply.type) ? this.files : this.commands).of(reply.id)?.reply(reply);
  }

  private greet({ payload }: Reply): void {
    const version = payload.readUInt32LE(0);
    if (version !== PROTOCOL_VERSION) throw new Error(`the helper speaks protocol ${version}, not ${PROTOCOL_VERSION}`);
    this.onHello?.({ pid: payload.readUInt32LE(4), openat2: payload[8] === 1 });
  }
}
