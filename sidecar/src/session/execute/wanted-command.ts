import { parseGoDuration } from '../../../../src/protocol/go-duration';
import { DEFAULT_COMMAND_MS, Encoding, ENCODINGS, ExecuteRequest } from '../../../../src/protocol/session-work';
import { decodeBase64 } from '../base64';
import { refuse } from '../refuse';

/** As Go reads it: what is null, or empty, is as if it were left out. */
export const EXECUTE_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['command'],
  properties: {
    command: { type: 'array', items: { type: 'string' } },
    timeout: { type: 'string', nullable: true },
    working_dir: { type: 'string', nullable: true },
    env: { type: 'object', nullable: true, additionalProperties: { type: 'string' } },
    stdin: { type: 'string', nullable: true },
    encoding: { type: 'string', nullable: true, enum: [...ENCODINGS, null] },
  },
} as const;

/** What a client wants to be run. */
export interface WantedCommand {
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: Buffer;
  readonly encoding: Encoding;
}

export function wantedCommand({ command, timeout, working_dir: directory, env, stdin, encoding }: ExecuteRequest): WantedCommand {
  if (command.length === 0) throw refuse('BAD_REQUEST', 'command cannot be empty');
  return {
    argv: command,
    timeoutMs: timeoutOf(timeout),
    directory: directory ?? '',
    env: checkedVariables(env ?? {}),
    input: inputOf(stdin, encoding ?? 'utf8'),
    encoding: encoding ?? 'utf8',
  };
}

function timeoutOf(text: string | null | undefined): number {
  if (text === undefined || text === null || text === '') return DEFAULT_COMMAND_MS;
  const milliseconds = parseGoDuration(text);
  if (milliseconds === undefined) throw refuse('BAD_REQUEST', `Invalid timeout format: ${JSON.stringify(text.slice(0, 64))}; allowed: a duration with units, as 1.5s or 2m`);
  return milliseconds;
}

/** Whatever a shell could set, names that the platform sets too: a command can do so by itself. No refusal repeats a value. */
function checkedVariables(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    const problem = problemOf(name, value);
    if (problem !== undefined) throw refuse('COMMAND_ENV_REFUSED', `the variable ${JSON.stringify(name.slice(0, 64))} ${problem}`);
  }
  return env;
}

/** https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html */
function problemOf(name: string, value: string): string | undefined {
  if (!/^[^=\0]+$/.test(name)) return 'has a name that is none; allowed: one or more characters without = and zero bytes';
  return value.includes('\0') ? 'has a zero byte' : undefined;
}

function inputOf(stdin: string | null | undefined, encoding: Encoding): Buffer | undefined {
  if (stdin === undefined || stdin === null || stdin === '') return undefined;
  const bytes = encoding === 'base64' ? decodeBase64(stdin) : Buffer.from(stdin);
  if (bytes === undefined) throw refuse('BAD_REQUEST', 'stdin is not base64');
  return bytes;
}
