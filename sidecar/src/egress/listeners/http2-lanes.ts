import { Agent } from 'node:http';
import { Duplex } from 'node:stream';

/** One end of a connection in memory: what is written at one end is read at the other, as fast as that reads. */
export class LaneEnd extends Duplex {
  static pair(): readonly [LaneEnd, LaneEnd] {
    const [one, other] = [new LaneEnd(), new LaneEnd()];
    one.other = other;
    other.other = one;
    return [one, other];
  }

  private other!: LaneEnd;
  private taken: (() => void) | undefined;

  override _read(): void {
    const { taken } = this;
    this.taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (chunk.length === 0 || this.other.destroyed) return done();
    this.other.taken = done;
    this.other.push(chunk);
  }

  override _final(done: () => void): void {
    this.other.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this._read();
    // What was sent with its end stays for the other to read.
    if (!this.writableFinished) setImmediate(() => this.other.destroy());
    done(error);
  }

  /** What servers and agents call of sockets. */
  setKeepAlive(): void {}

  setTimeout(): void {}

  ref(): void {}

  unref(): void {}

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }
}

/** So many wait for the next streams. */
const MAX_KEPT = 8;

/**
 * Connections in memory over which the streams of one session are served as requests of HTTP/1.1, each one stream at a
 * time. What ends a lane ends one stream, and no other.
 */
export class Lanes extends Agent {
  constructor(private readonly opened: (lane: Duplex) => void) {
    super({ keepAlive: true, maxFreeSockets: MAX_KEPT });
  }

  override createConnection(): Duplex {
    const [client, server] = LaneEnd.pair();
    this.opened(server);
    return client;
  }
}
