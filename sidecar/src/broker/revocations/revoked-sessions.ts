import { isOver } from './revocations';
import type { KubeObject } from '../../kube/client';

/** What the ConfigMap of revoked sessions holds. */
export interface RevokedSessions {
  /** Session id to the time from which on there is nothing left to revoke, in milliseconds since 1970. */
  readonly ends: readonly (readonly [id: string, notAfter: number])[];
  /** Length of all keys and values. */
  readonly bytes: number;
}

export const NO_SESSIONS: RevokedSessions = { ends: [], bytes: 0 };

/** Part of what a ConfigMap takes, 1 MiB: https://kubernetes.io/docs/concepts/configuration/configmap/ */
const NEARLY_FULL = 0.8 * 1024 * 1024;

/** Milliseconds between two warnings. */
const WARN_EVERY = 60 * 60_000;

/** Entries that one write takes away; the next takes others. */
const MAX_REMOVED = 100;

export function revokedSessionsIn({ data }: KubeObject): RevokedSessions {
  const entries = Object.entries(Object(data ?? {}) as Record<string, unknown>).map(([id, time]) => [id, String(time)] as const);
  return {
    ends: entries.flatMap(([id, time]) => {
      const notAfter = Date.parse(time);
      return Number.isNaN(notAfter) ? [] : [[id, notAfter] as const];
    }),
    bytes: entries.reduce((sum, [id, time]) => sum + Buffer.byteLength(id) + Buffer.byteLength(time), 0),
  };
}

/** The entries that a write for one more session sets, and those that it takes away because they are over. */
export function sessionPatch({ ends }: RevokedSessions, now: number, id: string, notAfter: number): Record<string, string | null> {
  const over = ends.filter(([, end]) => isOver(end, now)).slice(0, MAX_REMOVED);
  return { ...Object.fromEntries(over.map(([one]) => [one, null])), [id]: new Date(notAfter).toISOString() };
}

/** Tells how long the ConfigMap has become, while it is nearly full, once an hour. */
export function nearlyFullWarning(warn: (bytes: number) => void, clock: () => number): (sessions: RevokedSessions) => void {
  let warnedAt = -Infinity;
  return ({ bytes }) => {
    if (bytes < NEARLY_FULL || clock() - warnedAt < WARN_EVERY) return;
    warnedAt = clock();
    warn(bytes);
  };
}
