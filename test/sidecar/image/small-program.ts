/** What a program of the tests has. */
export interface SmallProgram {
  readonly interpreter?: string;
  /** Null entries at the end of the dynamic table; one ends it. */
  readonly nulls?: number;
  /** Tags beside those of the name table. */
  readonly tags?: readonly number[];
  /** Bytes of the first page that are in use. */
  readonly used?: number;
  /** What lies behind them. */
  readonly behind?: number;
}

export const PAGE = 4096;
/** Where the first page is in memory. */
export const ADDRESS = 0x400000;
/** Where the names of libraries begin, in the first page. */
export const STRINGS = 600;

/** A program of two pages, as a linker makes it, without code: names in the first page, the dynamic table in the second. */
export function smallProgram({ interpreter = '/lib64/ld-linux-x86-64.so.2', nulls = 6, tags = [], used = 700, behind = 0 }: SmallProgram = {}): Buffer {
  const bytes = Buffer.alloc(2 * PAGE);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(bytes);
  bytes.fill(behind, used, PAGE);
  const words = (at: number, ...values: number[]) => values.forEach((value, index) => bytes.writeBigUInt64LE(BigInt(value), at + index * 8));
  const entries = [[5, ADDRESS + STRINGS], [10, used - STRINGS], ...tags.map((tag) => [tag, 1]), ...Array(nulls).fill([0, 0])];
  words(PAGE, ...entries.flat());
  const segments = [
    [1, 0, ADDRESS, used],
    [3, 500, ADDRESS + 500, interpreter.length + 1],
    [1, PAGE, ADDRESS + PAGE, entries.length * 16],
    [2, PAGE, ADDRESS + PAGE, entries.length * 16],
  ];
  words(32, 64);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(segments.length, 56);
  segments.forEach(([type, offset, address, size], index) => {
    const at = 64 + index * 56;
    bytes.writeUInt32LE(type, at);
    words(at + 8, offset, address, address, size, size);
  });
  bytes.write(`${interpreter}\0`, 500);
  bytes.write('\0libc.so.6\0', STRINGS);
  return bytes;
}
