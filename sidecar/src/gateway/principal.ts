/** Who asks, verified. */
export interface Principal {
  /** Whose sessions it sees and makes; none when callers are not told apart. */
  readonly owner?: string;
  /** Sees all sessions. */
  readonly admin: boolean;
  /** For limits and logs: stable, and no secret. */
  readonly key: string;
}
