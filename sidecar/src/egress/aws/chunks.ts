import { refuse } from '../refusals/refuse';

/** Longest line in front of a chunk: its length in hexadecimal, and its signature. */
const MAX_LINE = 128;

/** Everything behind the last chunk: checksums and their signature. */
const MAX_TRAILERS = 4 * 1024;

const LINE = /^([0-9a-fA-F]{1,8});chunk-signature=[0-9a-f]{64}$/;

const NOTHING = Buffer.alloc(0);

/** What comes next. */
type Next = 'line' | 'data' | 'end-of-data' | 'trailers';

/**
 * Takes the chunks of `aws-chunked` off a body, however it is cut into pieces: `<length>;chunk-signature=<64 digits>`, the
 * data, and a last chunk without any. What is behind that is dropped. Throws for any other form, and before it hands out more
 * than was announced. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export class AwsChunks {
  private next: Next = 'line';
  /** The beginning of a line, or of the line ending behind data. */
  private pending = '';
  /** Bytes of the present chunk that have not come. */
  private inChunk = 0;
  private dropped = 0;

  /** `left`: bytes that were announced and are in no chunk yet. */
  constructor(private left: number) {}

  /** The data in a piece of the body. */
  take(piece: Buffer): Buffer[] {
    const data: Buffer[] = [];
    for (let rest = piece; rest.length > 0;) rest = this.step(rest, data);
    return data;
  }

  /** To be called at the end of the body. */
  end(): void {
    if (this.next !== 'trailers') throw malformed('it ends in the middle');
    if (this.left > 0) throw malformed(`it ends ${this.left} bytes early`);
  }

  /** Reads one element, or what there is of it; answers what is behind. */
  private step(piece: Buffer, data: Buffer[]): Buffer {
    switch (this.next) {
      case 'line': return this.readLine(piece);
      case 'data': return this.readData(piece, data);
      case 'end-of-data': return this.readEndOfData(piece);
      case 'trailers': return this.drop(piece);
    }
  }

  private readLine(piece: Buffer): Buffer {
    const end = piece.indexOf('\n');
    const part = end < 0 ? piece : piece.subarray(0, end + 1);
    if (this.pending.length + part.length > MAX_LINE) throw malformed('the line in front of a chunk is too long');
    this.pending += part.toString('latin1');
    if (end < 0) return NOTHING;
    this.begin(this.pending.endsWith('\r\n') ? this.pending.slice(0, -2) : '');
    this.pending = '';
    return piece.subarray(end + 1);
  }

  private begin(line: string): void {
    const [, digits] = LINE.exec(line) ?? [];
    if (digits === undefined) throw malformed('the line in front of a chunk is none');
    this.inChunk = parseInt(digits, 16);
    if (this.inChunk > this.left) throw malformed('it is longer than announced');
    this.left -= this.inChunk;
    this.next = this.inChunk === 0 ? 'trailers' : 'data';
  }

  private readData(piece: Buffer, data: Buffer[]): Buffer {
    const part = piece.subarray(0, this.inChunk);
    data.push(part);
    this.inChunk -= part.length;
    if (this.inChunk === 0) this.next = 'end-of-data';
    return piece.subarray(part.length);
  }

  private readEndOfData(piece: Buffer): Buffer {
    const part = piece.subarray(0, '\r\n'.length - this.pending.length);
    this.pending += part.toString('latin1');
    if (!'\r\n'.startsWith(this.pending)) throw malformed('a chunk is longer than its line says');
    if (this.pending === '\r\n') {
      this.next = 'line';
      this.pending = '';
    }
    return piece.subarray(part.length);
  }

  private drop(piece: Buffer): Buffer {
    this.dropped += piece.length;
    if (this.dropped > MAX_TRAILERS) throw malformed('there is too much behind its last chunk');
    return NOTHING;
  }
}

/** The data of a body in chunks, as it comes. */
export async function* decodedChunks(body: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  const chunks = new AwsChunks(length);
  for await (const piece of body) yield* chunks.take(piece);
  chunks.end();
}

function malformed(problem: string) {
  return refuse('BAD_REQUEST', `the body is not aws-chunked as its headers say: ${problem}`);
}
