/** Where a program finds what it links to. */
export interface Home {
  /** Path of the program interpreter. */
  readonly loader: string;
  /** Folder of the libraries. */
  readonly libraries: string;
}

interface Segment {
  /** Of its program header in the file. */
  readonly at: number;
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Numbers of https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html */
const [LOAD, DYNAMIC, INTERPRETER] = [1, 2, 3];
const TAG = { null: 0, strings: 5, stringsSize: 10, rpath: 15, runpath: 29 } as const;
const [HEADER, SEGMENT, DYNAMIC_ENTRY] = [64, 56, 16];
/** Smallest page of memory. */
const PAGE = 4096;

/**
 * A copy of a program of the same size that takes loader and libraries from a place of its own, whatever the root file
 * system has. `DT_RPATH` and not the newer `DT_RUNPATH`, because it goes before an `LD_LIBRARY_PATH` of the environment
 * and holds for what the libraries link to: https://man7.org/linux/man-pages/man8/ld.so.8.html
 *
 * @throws Error when the program has no room for it. Linkers leave some: spare dynamic entries, and the rest of a page.
 */
export function rehomed(program: Buffer, { loader, libraries }: Home): Buffer {
  requireElf(program);
  const bytes = Buffer.from(program);
  const segments = segmentsOf(bytes);
  const dynamic = dynamicOf(bytes, segments);
  const strings = dynamic.address(TAG.strings);
  const home = segments.find(({ type, address, size }) => type === LOAD && strings >= address && strings < address + size);
  const interpreter = segments.find(({ type }) => type === INTERPRETER);
  if (home === undefined || interpreter === undefined) throw new Error('the program is not linked dynamically');

  const end = home.offset + home.size;
  const text = Buffer.from(`${loader}\0${libraries}\0`);
  const room = bytes.subarray(end, end + Math.min(text.length, PAGE - (end % PAGE)));
  const isTaken = segments.some(({ offset, size }) => size > 0 && offset < end + text.length && offset + size > end);
  if (room.length < text.length || isTaken || room.some((byte) => byte !== 0)) throw new Error(`the program has no room for ${text.length} bytes of paths`);
  text.copy(bytes, end);

  const address = home.address + home.size;
  setSegment(bytes, home, { ...home, size: home.size + text.length });
  setSegment(bytes, interpreter, { offset: end, address, size: loader.length + 1 });
  dynamic.set(TAG.stringsSize, address + text.length - strings);
  dynamic.add(TAG.rpath, address + loader.length + 1 - strings);
  return bytes;
}

function requireElf(bytes: Buffer): void {
  const is64LittleEndian = bytes.length >= HEADER && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1;
  if (!is64LittleEndian || bytes.readUInt16LE(54) !== SEGMENT) throw new Error('the program is not an ELF file of 64 bits in little-endian order');
}

function segmentsOf(bytes: Buffer): Segment[] {
  const first = number(bytes, 32);
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const at = first + index * SEGMENT;
    return { at, type: bytes.readUInt32LE(at), offset: number(bytes, at + 8), address: number(bytes, at + 16), size: number(bytes, at + 32) };
  });
}

/** Writes place and size, in file and memory alike. */
function setSegment(bytes: Buffer, { at }: Segment, { offset, address, size }: Pick<Segment, 'offset' | 'address' | 'size'>): void {
  [[8, offset], [16, address], [24, address], [32, size], [40, size]].forEach(([field, value]) => setNumber(bytes, at + field, value));
}

function dynamicOf(bytes: Buffer, segments: readonly Segment[]) {
  const found = segments.find(({ type }) => type === DYNAMIC);
  if (found === undefined) throw new Error('the program is not linked dynamically');
  const entries = Array.from({ length: Math.floor(found.size / DYNAMIC_ENTRY) }, (_, index) => found.offset + index * DYNAMIC_ENTRY);
  const tags = entries.map((at) => number(bytes, at));
  const end = tags.indexOf(TAG.null);
  const used = tags.slice(0, end < 0 ? undefined : end);
  if (used.includes(TAG.rpath) || used.includes(TAG.runpath)) throw new Error('the program has a library path already');
  const place = (tag: number): number => {
    if (!used.includes(tag)) throw new Error(`the program has no dynamic entry ${tag}`);
    return entries[used.indexOf(tag)] + 8;
  };
  return {
    address: (tag: number) => number(bytes, place(tag)),
    set: (tag: number, value: number) => setNumber(bytes, place(tag), value),
    /** In place of the first null entry; the one after it ends the table. */
    add: (tag: number, value: number) => {
      if (end < 0 || tags[end + 1] !== TAG.null) throw new Error('the program has no room for a dynamic entry');
      setNumber(bytes, entries[end], tag);
      setNumber(bytes, entries[end] + 8, value);
    },
  };
}

function number(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function setNumber(bytes: Buffer, at: number, value: number): void {
  bytes.writeBigUInt64LE(BigInt(value), at);
}
