/** A place in a listing: behind an entry of one of its sets. */
export interface Cursor {
  /** Which set. */
  readonly shard: number;
  /** The entry that was looked at last: its score and its member. */
  readonly score: number;
  readonly member: string;
}

export function firstOf(shard: number): Cursor {
  return { shard, score: -1, member: '' };
}

export function cursorText({ shard, score, member }: Cursor): string {
  return Buffer.from(JSON.stringify([shard, score, member])).toString('base64url');
}

/** Throws `RangeError` for what is no cursor of a listing with so many sets: it may come from a client. */
export function readCursor(text: string | undefined, shards: number): Cursor {
  if (text === undefined) return firstOf(0);
  const [shard, score, member] = partsOf(text);
  const isCursor = Number.isInteger(shard) && (shard as number) >= 0 && (shard as number) < shards
    && Number.isSafeInteger(score) && (score as number) >= -1 && typeof member === 'string';
  if (!isCursor) throw new RangeError('the cursor is none of this listing');
  return { shard, score, member } as Cursor;
}

const LONGEST = 512;

function partsOf(text: string): readonly unknown[] {
  if (text.length > LONGEST) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(value) && value.length === 3 ? value : [];
  } catch {
    return [];
  }
}
