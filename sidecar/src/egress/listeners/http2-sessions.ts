import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { LaneEnd, Lanes } from './http2-lanes';
import { serveStream } from './http2-stream';
import { MAX_CONNECTIONS_PER_RUN, MAX_EGRESS_HEADERS } from '../../../../src/protocol/egress-api';
import type { After } from '../../server/time/timers';

/** As ALPN names it. https://www.rfc-editor.org/rfc/rfc9113#section-3.2 */
export const HTTP2 = 'h2';

/** Of a session that has no streams, in milliseconds. */
const KEEP_ALIVE = 65_000;

/** Bounds of one session; resets and frames that carry nothing are counted by nghttp2 besides. */
const OPTIONS = {
  settings: { maxConcurrentStreams: MAX_CONNECTIONS_PER_RUN, maxHeaderListSize: MAX_EGRESS_HEADERS },
  maxHeaderListPairs: 512,
  maxOutstandingPings: 1,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
};

/**
 * What a session reads in place of its client. Given the socket itself, Node stops to read it in the middle of a write, and
 * sometimes for ever: the end of a client that has gone is then seen by nobody.
 */
function readBy(tls: TLSSocket): Duplex {
  const [near, far] = LaneEnd.pair();
  tls.pipe(far).pipe(tls);
  // Half of a connection is none.
  tls.once('end', () => far.destroy()).once('close', () => far.destroy());
  return near;
}

/** What speaks HTTP/2 with clients. */
export class Http2Sessions {
  private readonly open = new Set<ServerHttp2Session>();

  constructor(private readonly after: After) {}

  get size(): number {
    return this.open.size;
  }

  /** Serves a client: `opened` is told each lane, over which one request comes after the other. */
  serve(tls: TLSSocket, opened: (lane: Duplex) => void): void {
    const session = performServerHandshake(readBy(tls), OPTIONS);
    const lanes = new Lanes(opened);
    let streams = 0;
    this.open.add(session);
    session.on('error', () => undefined);
    session.on('stream', (stream: ServerHttp2Stream, _headers: unknown, _flags: unknown, raw: string[]) => {
      streams += 1;
      stream.once('close', () => { streams -= 1; });
      serveStream({ lanes, after: this.after }, stream, raw);
    });
    session.setTimeout(KEEP_ALIVE, () => streams === 0 && session.close());
    session.once('close', () => {
      this.open.delete(session);
      lanes.destroy();
      tls.destroySoon();
    });
  }

  /** Streams that are open end as they would; there are no others any more. */
  close(): void {
    this.open.forEach((session) => session.close());
  }
}
