import { join } from 'node:path';
import type { AuditFiles } from './files';

/** One file of the log. Its name is the number of its first line. */
export interface Segment {
  readonly name: string;
  readonly first: number;
  readonly size: number;
}

const SEGMENT = /^audit-(\d{16})\.jsonl$/;

/** Name of the segment that begins with a line. Names sort as the lines do. */
export function segmentName(first: number): string {
  return `audit-${String(first).padStart(16, '0')}.jsonl`;
}

/** Name of the file that keeps what was cut off in front of a line. No segment has such a name. */
export function cutName(sequence: number): string {
  return `cut-${String(sequence).padStart(16, '0')}.bin`;
}

/** The segments of a folder in their order; other files are not part of the log. */
export async function listSegments(files: Pick<AuditFiles, 'list'>, folder: string): Promise<Segment[]> {
  const found = await files.list(folder);
  return found
    .flatMap(({ name, size }) => {
      const [, first] = SEGMENT.exec(name) ?? [];
      return first === undefined ? [] : [{ name, first: Number(first), size }];
    })
    .sort((a, b) => a.first - b.first);
}

/** Where a segment is. */
export function segmentPath(folder: string, { name }: Pick<Segment, 'name'>): string {
  return join(folder, name);
}
