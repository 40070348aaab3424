import { hash as digest } from 'node:crypto';
import { MAX_LINE_BYTES } from './limits';
import type { AuditContent } from './record';

/** A point in a stream: the line with this number has this hash, and the hash stands for all lines before it. */
export interface AuditHead {
  readonly stream: string;
  readonly sequence: number;
  /** SHA-256 as 64 lower-case hexadecimal digits. */
  readonly hash: string;
}

/** A line as it was read, before it is known to belong where it stands. */
export interface SealedLine {
  readonly stream: string;
  readonly sequence: number;
  /** Number of the first line that was made durable together with this one. */
  readonly batch: number;
  readonly hash: string;
  /** The bytes that the hash is over. */
  readonly body: Buffer;
}

const BEFORE_HASH = ',"hash":"';
const HASH_LENGTH = 64;
const SUFFIX_LENGTH = BEFORE_HASH.length + HASH_LENGTH + '"}'.length;
const SUFFIX = /^,"hash":"([0-9a-f]{64})"\}$/;

/** Only the form that `seal` writes: names first, in this order. */
const START = /^\{"stream":"([a-z0-9.-]{1,128})","sequence":([1-9][0-9]{0,14}),"batch":([1-9][0-9]{0,14}),/;

/** Before the first line of a stream. */
export function genesis(stream: string): AuditHead {
  return { stream, sequence: 0, hash: '0'.repeat(HASH_LENGTH) };
}

/** A content as JSON without the outer braces, ready to become a line. */
export function contentText(content: AuditContent): string {
  return JSON.stringify(content).slice(1, -1);
}

/**
 * Makes the line after `previous`. The hash is over the hash before and all bytes of the line in front of its own hash.
 * The batch tells, after a crash, which lines were durable for certain: all of the batches before the last.
 */
export function seal(previous: AuditHead, batch: number, text: string): { readonly line: string; readonly head: AuditHead } {
  const { stream } = previous;
  const sequence = previous.sequence + 1;
  const body = `{"stream":"${stream}","sequence":${sequence},"batch":${batch},${text}`;
  const hash = digest('sha256', previous.hash + body, 'hex');
  return { line: `${body}${BEFORE_HASH}${hash}"}\n`, head: { stream, sequence, hash } };
}

/** Takes a line (without its line feed) apart; undefined when `seal` did not write it so. */
export function unseal(line: Buffer): SealedLine | undefined {
  if (line.length <= SUFFIX_LENGTH || line.length > MAX_LINE_BYTES) return undefined;
  const [, hash] = SUFFIX.exec(line.toString('latin1', line.length - SUFFIX_LENGTH)) ?? [];
  const [, stream, sequence, batch] = START.exec(line.toString('latin1', 0, 256)) ?? [];
  if (hash === undefined || stream === undefined) return undefined;
  return { stream, sequence: Number(sequence), batch: Number(batch), hash, body: line.subarray(0, -SUFFIX_LENGTH) };
}

/** Whether the line was sealed after one with the hash `previous`. */
export function isSealedAfter(previous: string, { body, hash }: SealedLine): boolean {
  return digest('sha256', Buffer.concat([Buffer.from(previous, 'latin1'), body]), 'hex') === hash;
}

/** What a line says; undefined when it is not JSON, which no line of `seal` is. */
export function contentOf({ body }: SealedLine): AuditContent | undefined {
  try {
    return JSON.parse(`${body.toString('utf8')}}`) as AuditContent;
  } catch {
    return undefined;
  }
}

/** The head after a line. */
export function headOf({ stream, sequence, hash }: SealedLine): AuditHead {
  return { stream, sequence, hash };
}
