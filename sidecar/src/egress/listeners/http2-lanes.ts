import { Agent } from 'node:http';
import { Duplex } from 'node:stream';

/** One end of a connection in memory: what is written at one end is read at the other, as fast as that reads. */
class LaneEnd extends Duplex {
  private other!: LaneEnd;
  private taken: (() => void) | undefined;

  static pair(): readonly [LaneEnd, LaneEnd] {
    const [one, other] = [new LaneEnd(), new LaneEnd()];
    one.other = other;
    other.other = one;
    return [one, other];
  }

  override _read(): void {
    const { taken } = this;
    this.taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (chunk.length === 0) return done();
    this.other.taken = done;
    this.other.push(chunk);
  }

  override _final(done: () => void): void {
    this.other.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // After both ends, what the other has not read yet is still its own.
    const isWhole = this.writableFinished && this.readableEnded;
    if (!isWhole) setImmediate(() => this.other.destroy());
    done(error);
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

  override keepSocketAlive(): boolean {
    return true;
  }

  override reuseSocket(): void {
    // There is no handle that could hold the process.
  }
}
