import { IncomingMessage } from 'node:http';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { StreamSearch, type Wanted } from './stream-search';
import { BEARER_PREFIX } from '../../../../src/protocol/broker-api';
import { EMBEDDED_TOKEN, MAX_KIND } from '../../crypto/sealed-token';
import { refuse } from '../refusals/refuse';

const PREFIX = Buffer.from(BEARER_PREFIX);
/** Behind the prefix there may be a kind, and behind that the header of a JWE. */
const BEGINNING = new RegExp(`^${BEARER_PREFIX}(?:[a-z0-9]{0,${MAX_KIND}}|[a-z0-9]{1,${MAX_KIND}}-e?y?)$`);
/** The longest beginning, and one more. */
const LONGEST = BEARER_PREFIX.length + MAX_KIND + '-eyJ'.length;

/** The bearers of this platform. */
export const BEARERS: Wanted = {
  // One pass over the text, as a body may have nothing but prefixes in it.
  isIn: (bytes) => bytes.includes(PREFIX) && EMBEDDED_TOKEN.test(bytes.toString('latin1')),
  beginsAt: (bytes) => {
    const tail = Math.max(0, bytes.length - LONGEST + 1);
    const cut = starts(bytes, tail).find((at) => BEGINNING.test(bytes.toString('latin1', at)));
    return cut ?? cutPrefix(bytes);
  },
};

/** A body that has none of our bearers in it. It fails with `BEARER_MISPLACED` where one begins. */
export class SearchedBody extends Transform {
  /** Bytes that went on. */
  sent = 0;
  private readonly search = new StreamSearch(BEARERS);

  constructor(private readonly source: Readable, private readonly moved: () => void) {
    super();
    // A pipe passes on neither the failure of its source nor the end of its target.
    source.once('error', (error) => this.destroy(error));
    source.pipe(this);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const passing = this.search.next(chunk);
    if (passing === undefined) return done(bearerInBody());
    this.pass(passing);
    done();
  }

  override _flush(done: TransformCallback): void {
    this.pass(this.search.rest());
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // A request has a connection to answer on. It is let go at once, so that it can be read to its end.
    if (this.source instanceof IncomingMessage) this.source.unpipe(this);
    else this.source.destroy();
    done(error);
  }

  private pass(bytes: Buffer): void {
    this.moved();
    this.sent += bytes.length;
    if (bytes.length > 0) this.push(bytes);
  }
}

export function bearerInBody(): Error {
  return refuse('BEARER_MISPLACED', 'the body carries a bearer; bearers are exchanged in headers and query parameters only');
}

function starts(bytes: Buffer, from: number): number[] {
  const all: number[] = [];
  for (let at = bytes.indexOf(PREFIX, from); at >= 0; at = bytes.indexOf(PREFIX, at + 1)) all.push(at);
  return all;
}

/** Where the prefix is cut off by the end. */
function cutPrefix(bytes: Buffer): number {
  for (let length = Math.min(PREFIX.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(-length).equals(PREFIX.subarray(0, length))) return bytes.length - length;
  }
  return bytes.length;
}
