/** Thrown when bytes end early or are left over. */
export class BadBytes extends Error {}

/** Reads numbers and vectors one after the other, as https://www.rfc-editor.org/rfc/rfc8446#section-3 writes them. */
export class ByteReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isEmpty(): boolean {
    return this.at === this.bytes.length;
  }

  /** A number of 1 to 3 bytes. */
  number(size: number): number {
    return this.take(size).readUIntBE(0, size);
  }

  take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw new BadBytes('the bytes end early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A vector behind a length of `size` bytes. */
  vector(size: number, shortest: number): Buffer {
    const length = this.number(size);
    if (length < shortest) throw new BadBytes('a vector is too short');
    return this.take(length);
  }

  /** All vectors that are left. */
  vectors(size: number, shortest: number): Buffer[] {
    const all: Buffer[] = [];
    while (!this.isEmpty) all.push(this.vector(size, shortest));
    return all;
  }

  end(): void {
    if (!this.isEmpty) throw new BadBytes('bytes are left over');
  }
}
