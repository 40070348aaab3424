import { randomBytes } from 'node:crypto';

/** Unique among replicas and restarts, and cheap. */
export function requestIds(): () => string {
  const start = randomBytes(6).toString('hex');
  let count = 0;
  return () => `${start}-${(++count).toString(36)}`;
}
