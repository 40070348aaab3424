import { ACTIVITY_NOTED_WITHIN, SessionRecord } from '../../../src/protocol/session-record';

/** Any moment will do: nothing here asks what time it is. */
export const T0 = 1_700_000_000_000;

export const MINUTE = 60_000;

/** When a session of `recordOf` is idle that nobody has used since then. */
export function idleAfter(lastActivity: number): number {
  return lastActivity + 15 * MINUTE + ACTIVITY_NOTED_WITHIN;
}

export function recordOf(id: string, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    schema: 1,
    id,
    kind: 'code-interpreter',
    namespace: 'team-a',
    name: 'python',
    owner: 'oidc|alice',
    phase: 'ready',
    createdAt: T0,
    expiresAt: T0 + 60 * MINUTE,
    idleTimeout: 15 * MINUTE,
    worker: {
      pool: 'python',
      podName: 'python-6d4cf56db6-x2x7k',
      podUid: '0b9d1f0e-55a5-4f5c-9d6e-6f6f5a1d2c3b',
      podIP: '10.0.0.7',
      entryPoints: [{ path: '/', protocol: 'HTTP', port: 8080 }],
    },
    sealedKey: `v1.0123456789abcdef.bm9uY2Vub25jZQ.${id}`,
    ...changes,
  };
}
