/** What a stream is searched for. */
export interface Wanted {
  isIn(bytes: Buffer): boolean;
  /** Where something begins that is cut off by the end of the bytes; their length when nothing does. */
  beginsAt(bytes: Buffer): number;
}

const NOTHING = Buffer.alloc(0);

/** Searches a stream chunk by chunk. What could be the beginning of a hit is held back, so that nothing of one passes. */
export class StreamSearch {
  private held: Buffer = NOTHING;
  private passed = 0;

  /** Looks for what begins in the first `within` bytes. */
  constructor(private readonly wanted: Wanted, private readonly within = Infinity) {}

  /** What may pass now; undefined for a hit. */
  next(chunk: Buffer): Buffer | undefined {
    const bytes = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    if (this.passed < this.within && this.wanted.isIn(bytes)) return undefined;
    const end = this.passed < this.within ? this.wanted.beginsAt(bytes) : bytes.length;
    this.held = bytes.subarray(end);
    this.passed += end;
    return bytes.subarray(0, end);
  }

  /** What was held back and is nothing, as the stream has ended. */
  rest(): Buffer {
    const { held } = this;
    this.held = NOTHING;
    return held;
  }
}
