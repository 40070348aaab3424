import type { Beneath } from './beneath';
import { Pieces } from './files/pieces';
import { TemporaryNames } from './files/temporary-names';
import { HeldBytes } from './held-bytes';
import { After, after, Processes } from './processes';
import { Turns } from './turns';
import {
  COMMAND_GRACE_MS, HEARTBEAT_MS, MAX_BODY_BYTES, MAX_COMMANDS, MAX_FILE_BYTES, MAX_HELD_BYTES, MAX_KEPT_OUTPUT, MAX_LISTED, MAX_STARTING_COMMANDS,
  MAX_WAITING_BODIES, MAX_WAITING_COMMANDS, STALLED_MS,
} from '../../../src/protocol/session-work';
import type { Clock } from '../server/time/clock';

/** Bounds of commands and files; what they mean is said where their usual values are. */
export const WORK_LIMITS = {
  maxCommands: MAX_COMMANDS,
  maxWaitingCommands: MAX_WAITING_COMMANDS,
  maxStartingCommands: MAX_STARTING_COMMANDS,
  maxKeptOutput: MAX_KEPT_OUTPUT,
  maxHeldBytes: MAX_HELD_BYTES,
  maxFileBytes: MAX_FILE_BYTES,
  maxBodyBytes: MAX_BODY_BYTES,
  maxWaitingBodies: MAX_WAITING_BODIES,
  maxListed: MAX_LISTED,
  graceMs: COMMAND_GRACE_MS,
  heartbeatMs: HEARTBEAT_MS,
  stalledMs: STALLED_MS,
};

export type WorkLimits = Readonly<typeof WORK_LIMITS>;

/** What commands and files are served from. */
export interface WorkDeps {
  readonly processes: Processes;
  /** The workspace. */
  readonly beneath: Beneath;
  /** Every command has it, beneath the environment of the session and its own. */
  readonly baseEnvironment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** @default - the timers of the machine */
  readonly timer?: After;
  /** @default - the usual ones */
  readonly limits?: Partial<WorkLimits>;
}

/** The same, with what requests share. */
export interface Work extends Required<Omit<WorkDeps, 'limits'>> {
  readonly limits: WorkLimits;
  readonly held: HeldBytes;
  readonly pieces: Pieces;
  readonly bodies: Turns;
  readonly temporary: TemporaryNames;
}

export function workOf(deps: WorkDeps): Work {
  const limits = { ...WORK_LIMITS, ...deps.limits };
  const held = new HeldBytes(limits.maxHeldBytes);
  return {
    ...deps,
    timer: deps.timer ?? after,
    limits,
    held,
    pieces: new Pieces(held),
    bodies: new Turns(limits.maxBodyBytes, limits.maxWaitingBodies),
    temporary: new TemporaryNames(),
  };
}
