/**
 * Commands and files of the session daemon, as PicoD's clients know them: https://github.com/volcano-sh/agentcube.
 * Fields and methods marked additive are ours. Times in milliseconds where nothing else is said, sizes in bytes.
 */

/** How bytes of a command stand in JSON. `utf8` replaces what is no UTF-8 by U+FFFD, `base64` keeps every byte. */
export const ENCODINGS = ['utf8', 'base64'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface ExecuteRequest {
  /** Program and arguments; there is no shell. */
  readonly command: readonly string[];
  /** A duration as Go writes it. Zero and less end the command at once. */
  readonly timeout?: string | null;
  /** Below the workspace, made when it is not there. A leading `/` stands for the workspace. */
  readonly working_dir?: string | null;
  /** Added to the environment of the session. */
  readonly env?: Readonly<Record<string, string>> | null;
  /** Additive: what the command reads, in the encoding. */
  readonly stdin?: string | null;
  /** Additive: of `stdin`, `stdout` and `stderr`. */
  readonly encoding?: Encoding | null;
}

/** How a command ended. Fields from `signal` on are additive. */
export interface ExecuteEnd {
  /** 124 when its time was over, -1 after a signal, 1 when it could not be started. */
  readonly exit_code: number;
  /** Seconds. */
  readonly duration: number;
  /** RFC 3339. */
  readonly start_time: string;
  readonly end_time: string;
  /** What ended it, as `SIGKILL`; left out when it exited. */
  readonly signal?: string;
  readonly timed_out: boolean;
  /** Whether bytes were dropped. */
  readonly stdout_truncated: boolean;
  readonly stderr_truncated: boolean;
}

export interface ExecuteResult extends ExecuteEnd {
  readonly stdout: string;
  readonly stderr: string;
}

export const EXIT_TIMED_OUT = 124;
export const EXIT_SIGNALLED = -1;
export const EXIT_NOT_STARTED = 1;

/** Additive: with this `Accept` the answer is a stream of `EXECUTE_EVENTS`. https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const EVENT_STREAM = 'text/event-stream';

/** Any number of outputs, each `{data}`; then, last, `exit` with `ExecuteEnd`, or `error` with the body of a refusal. */
export const EXECUTE_EVENTS = ['stdout', 'stderr', 'exit', 'error'] as const;
export type ExecuteEvent = (typeof EXECUTE_EVENTS)[number];

/** A file or folder. */
export interface FileEntry {
  /** Of a recursive list, the path below the listed folder. */
  readonly name: string;
  readonly size: number;
  /** RFC 3339, in whole seconds. */
  readonly modified: string;
  /** As `ls` writes it: `-rw-r--r--`. */
  readonly mode: string;
  readonly is_dir: boolean;
}

export interface FileList {
  readonly files: readonly FileEntry[];
  /** Additive: there is more; `after` of the next request. */
  readonly next?: string;
}

/** A file that was written, or a name that was given. */
export interface FileResult {
  /** Below the workspace. */
  readonly path: string;
  readonly size: number;
  readonly mode: string;
  readonly modified: string;
}

export interface UploadRequest {
  readonly path: string;
  /** Base64. */
  readonly content: string;
  readonly mode?: string | null;
}

export interface MoveRequest {
  /** Where to, below the workspace. */
  readonly path: string;
  readonly overwrite?: boolean;
}

/** Octal. Others than these become the default, and a file that is there keeps its own. */
export const FILE_MODE_PATTERN = '^[0-7]{1,9}$';
export const DEFAULT_FILE_MODE = 0o644;
export const MAX_FILE_MODE = 0o777;
export const FOLDER_MODE = 0o755;

/** Time of a command that names none. */
export const DEFAULT_COMMAND_MS = 60_000;

/** Between SIGTERM and SIGKILL. */
export const COMMAND_GRACE_MS = 2000;

/** Between two comments in a stream of events in which nothing else happens. */
export const HEARTBEAT_MS = 15_000;

/** A client that takes or gives nothing for so long is cut off. */
export const STALLED_MS = 120_000;

/** Kept of stdout, and of stderr, in an answer that is no stream. */
export const MAX_KEPT_OUTPUT = 10 * 1024 * 1024;

/** Kept outputs and pieces of files on their way, of all requests together. Beyond it outputs are cut and pieces are short. */
export const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** Commands that run, those that wait for one of them to end, and those that start at the same time. */
export const MAX_COMMANDS = 64;
export const MAX_WAITING_COMMANDS = 256;
export const MAX_STARTING_COMMANDS = 8;

/** After this time a command that was started counts as running. */
export const STARTING_MS = 20;

/** Longest body of a command: its arguments, its environment and its input. */
export const MAX_EXECUTE_BODY = 4 * 1024 * 1024;

/** Longest body of an upload in JSON, as PicoD's. Other uploads are bounded by the file. */
export const MAX_UPLOAD_BODY = 32 * 1024 * 1024;

/** Bodies in JSON that are in memory, and those that wait to be read. Short ones need not wait. */
export const MAX_BODY_BYTES = MAX_UPLOAD_BODY;
export const MAX_WAITING_BODIES = 256;
export const SHORT_BODY = 64 * 1024;

export const MAX_FILE_BYTES = 16 * 1024 * 1024 * 1024;

/** Entries of one list. */
export const MAX_LISTED = 10_000;

/** Folders within folders that lists and removals go down. */
export const MAX_DEPTH = 256;

/** Longest path, as the system's: https://man7.org/linux/man-pages/man7/path_resolution.7.html */
export const MAX_PATH_BYTES = 4096;
