import { fromBase64, toBase64 } from './base64';
import { eventsOf } from './event-parser';
import type { Cancellable } from './requests';
import { received } from './requests';
import { refusalError, SessionError } from './session-error';
import type { Encoding, ExecuteEnd, ExecuteRequest, ExecuteResult } from '../protocol/session-work';

/** What can be said about a command. */
export interface CommandOptions extends Cancellable {
  /**
   * Longest time, a duration as Go writes it: `90s`, `1h30m`. Then the command is ended.
   *
   * @default '60s'
   */
  readonly timeout?: string;

  /**
   * Folder below the workspace; made when it is not there.
   *
   * @default - the workspace
   */
  readonly workingDir?: string;

  /**
   * Variables, over those of the session.
   *
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * What the command reads, at most about 4 MiB with the rest of the request.
   *
   * @default - nothing
   */
  readonly stdin?: string | Uint8Array;

  /**
   * Whether outputs are texts, in which what is no UTF-8 is replaced by U+FFFD, or bytes as they are.
   *
   * @default 'text'
   */
  readonly output?: 'text' | 'bytes';
}

/** How a command ended. */
export interface CommandEnd {
  /** 124 when its time was over, -1 after a signal, 1 when it could not be started. */
  readonly exitCode: number;
  readonly durationSeconds: number;
  /** RFC 3339. */
  readonly startTime: string;
  /** RFC 3339. */
  readonly endTime: string;
  /** What ended it, as `SIGKILL`; left out when it exited. */
  readonly signal?: string;
  readonly timedOut: boolean;
  /** Whether bytes of the output are missing: of each, 10 MiB are kept. Never in a stream. */
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
}

/** The same, with what it wrote. */
export interface CommandResult<Output> extends CommandEnd {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** Any number of outputs, and then how it ended. */
export type CommandEvent<Output> =
  | { readonly type: 'stdout' | 'stderr'; readonly data: Output }
  | { readonly type: 'exit' } & CommandEnd;

/** The body of a request for a command. */
export function bodyFor(command: readonly string[], { timeout, workingDir, env, stdin, output }: CommandOptions): ExecuteRequest {
  const encoding: Encoding = output === 'bytes' || stdin instanceof Uint8Array ? 'base64' : 'utf8';
  const input = stdin === undefined || encoding === 'utf8' ? stdin : toBase64(typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin);
  return { command, timeout, working_dir: workingDir, env, stdin: input as string | undefined, encoding };
}

/** Bytes travel as base64; so do texts beside an input of bytes, because there is one encoding for all. */
function reading<Output>({ stdin, output }: CommandOptions): { readonly read: (text: string) => Output; readonly end: () => Output | undefined } {
  if (output === 'bytes') return { read: (text) => fromBase64(text) as Output, end: () => undefined };
  if (!(stdin instanceof Uint8Array)) return { read: (text) => text as Output, end: () => undefined };
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return { read: (text) => decoder.decode(fromBase64(text), { stream: true }) as Output, end: () => decoder.decode() as Output };
}

export function resultOf<Output>(options: CommandOptions, answer: ExecuteResult): CommandResult<Output> {
  const whole = (text: string): Output => {
    const { read, end } = reading<Output>(options);
    const [first, last] = [read(text), end()];
    return last === undefined ? first : `${first}${last}` as Output;
  };
  return { ...endOf(answer), stdout: whole(answer.stdout), stderr: whole(answer.stderr) };
}

/** The events of an answer; the last one is `exit`. Rejects with a `SessionError` when there is no such end. */
export async function* commandEvents<Output>(
  options: CommandOptions, body: ReadableStream<Uint8Array>,
): AsyncGenerator<CommandEvent<Output>, void, undefined> {
  const readers = { stdout: reading<Output>(options), stderr: reading<Output>(options) };
  const events = eventsOf(body);
  try {
    for (;;) {
      const { done, value } = await received(options.signal, () => events.next());
      if (done === true) throw new SessionError('ANSWER_BROKEN', 0, 'the stream ended before the command did');
      const { name, data } = value;
      if (name === 'error') throw refusalIn(data);
      if (name === 'stdout' || name === 'stderr') yield { type: name, data: readers[name].read(parsed<{ data: string }>(data).data) };
      if (name !== 'exit') continue;
      for (const type of ['stdout', 'stderr'] as const) {
        const last = readers[type].end();
        if (last !== undefined && last !== '') yield { type, data: last };
      }
      yield { type: 'exit', ...endOf(parsed(data)) };
      return;
    }
  } finally {
    await events.return();
  }
}

function refusalIn(data: string): SessionError {
  const fields = parsed<Readonly<Record<string, unknown>>>(data);
  return refusalError(fields, typeof fields.code === 'number' ? fields.code : 0);
}

function parsed<T>(data: string): T {
  try {
    return JSON.parse(data) as T;
  } catch (cause) {
    throw new SessionError('ANSWER_BROKEN', 0, 'an event of the stream is not JSON', { cause });
  }
}

function endOf(end: ExecuteEnd): CommandEnd {
  return {
    exitCode: end.exit_code,
    durationSeconds: end.duration,
    startTime: end.start_time,
    endTime: end.end_time,
    ...(end.signal === undefined ? {} : { signal: end.signal }),
    timedOut: end.timed_out,
    stdoutTruncated: end.stdout_truncated,
    stderrTruncated: end.stderr_truncated,
  };
}
