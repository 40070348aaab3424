/** A part of a file, from its first byte to its last. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The part that a header asks for. Undefined for the whole: without a header, for another unit, for what is no range,
 * and for several ranges, which a server may answer as a whole. `none` when no byte of the file is asked for.
 * https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2
 */
export function byteRange(header: string | undefined, size: number): ByteRange | 'none' | undefined {
  const [, from, to] = /^bytes=\s*(\d{0,16})-(\d{0,16})\s*$/i.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  if (from === '') return Number(to) === 0 || size === 0 ? 'none' : { first: Math.max(0, size - Number(to)), last: size - 1 };
  const first = Number(from);
  if (to !== '' && Number(to) < first) return undefined;
  return first >= size ? 'none' : { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}
