import type { Directory } from './directory';

/** Where bytes of a command come from. */
export type OutputSource = 'stdout' | 'stderr';

/**
 * Takes bytes of a command, in the order of each source. While a promise is pending, no more than a window of further
 * bytes is read, so a slow taker slows the command down instead of filling the memory. An error kills the command.
 */
export type TakeOutput = (source: OutputSource, bytes: Buffer) => void | Promise<void>;

/** A program to run. */
export interface Command {
  /** Program and arguments. A program without `/` is looked up in the `PATH` of `env`. */
  readonly argv: readonly string[];
  /** The whole environment: nothing of the daemon's is added. */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory. It stays open until the command has ended. */
  readonly directory: Directory;
  /**
   * What the command reads from its standard input; not asked for more when the command reads no more.
   * @default - its input is empty
   */
  readonly input?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Bytes of stdout, and of stderr, that are given to `onOutput`. The rest is read, counted and dropped. */
  readonly maxOutput: number;
  readonly onOutput: TakeOutput;
}

/** Processor time and memory of a command and those of its descendants that it waited for. */
export interface CommandUsage {
  readonly userMicroseconds: number;
  readonly systemMicroseconds: number;
  /** Largest resident memory of one process, in bytes. */
  readonly maxResidentBytes: number;
}

/** How a command ended. Exactly one of `code` and `signal` is there. */
export interface CommandEnd {
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  /** Bytes beyond `maxOutput`. */
  readonly dropped: Readonly<Record<OutputSource, number>>;
  /** @default - unknown: only the helper sees it */
  readonly usage?: CommandUsage;
}

/** Runs something later, once; the answer cancels it. Injected, so that tests say when time passes. */
export type After = (ms: number, run: () => void) => () => void;

/** The timers of the machine. They keep no process alive. */
export const after: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/** A command that was given to the system. */
export interface RunningCommand {
  /**
   * Resolves when the command has ended and `onOutput` has taken everything. Background processes that hold its output
   * delay it by `PIPE_GRACE_MS` at most; they live on, and their later output is dropped.
   *
   * Rejects with `CommandNotStarted`, with what `onOutput` or `input` threw, or with `HelperGone`.
   */
  readonly ended: Promise<CommandEnd>;
  /**
   * Tells the command and all that descends from it, in whatever group or session, to end by SIGTERM. What is left after
   * the grace gets SIGKILL, also when the command itself has ended by then. Without effect when it has ended already.
   */
  terminate(graceMs: number): void;
}

/** Starts commands. */
export interface Processes {
  /** `helper`: the native helper. `node`: Node's own means, which copy the daemon for each command. */
  readonly means: 'helper' | 'node';
  spawn(command: Command): RunningCommand;
}

/** The system did not start the program; `code` is its reason, as `ENOENT`. */
export class CommandNotStarted extends Error {
  constructor(readonly code: string, program: string) {
    super(`${JSON.stringify(program)} was not started: ${code}`);
    this.name = 'CommandNotStarted';
  }
}

/** Milliseconds that output is waited for when a command has ended and others hold its pipes. */
export const PIPE_GRACE_MS = 100;

/** Bytes of one source that may be under way to a taker that is slow. */
export const OUTPUT_WINDOW = 256 * 1024;

/** Largest size of arguments and environment together, below what the kernel allows with its usual stack. */
export const MAX_COMMAND_BYTES = 1024 * 1024 - 4096;

/** Why the system could not take a command as it is, or undefined. Such are refused before anything is started. */
export function whyImpossible({ argv, env }: Command): string | undefined {
  const texts = [...argv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  if (argv.length === 0 || texts.some((text) => text.includes('\0'))) return 'EINVAL';
  if (argv[0] === '') return 'ENOENT';
  if (Object.keys(env).some((name) => name === '' || name.includes('='))) return 'EINVAL';
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
  return bytes > MAX_COMMAND_BYTES ? 'E2BIG' : undefined;
}
