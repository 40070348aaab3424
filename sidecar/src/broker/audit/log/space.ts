import type { AuditLimits } from './limits';

/** How much room there is for the log. In bytes. */
export interface Space {
  readonly free: number;
  /** What the log takes already. */
  readonly used: number;
}

type SpaceLimits = Pick<AuditLimits, 'reserveBytes' | 'maxTotalBytes'>;

/** Bytes that may still be written; less than 0 when there are too many already. */
export function roomIn({ free, used }: Space, { reserveBytes, maxTotalBytes = Infinity }: SpaceLimits): number {
  return Math.min(free - reserveBytes, maxTotalBytes - used);
}

/**
 * Why no more may be written; undefined when there is room. Events that nobody has shipped are never deleted to make
 * room: what cannot be recorded is not decided.
 */
export function spaceProblem({ free, used }: Space, { reserveBytes, maxTotalBytes }: SpaceLimits): string | undefined {
  if (free < reserveBytes) return `the volume of the audit log is nearly full: ${free} bytes are free, ${reserveBytes} must be`;
  if (maxTotalBytes !== undefined && used >= maxTotalBytes) return `the audit log takes ${used} bytes, and may take ${maxTotalBytes}`;
  return undefined;
}
