import { SESSION_ENV } from '../../../../src/protocol/env';
import { ENV_NAME_PATTERN, isReservedEnv } from '../../../../src/protocol/reserved-env';
import { MAX_ENV_VARIABLES } from '../../../../src/protocol/session-api';
import { MAX_SESSION_ENV } from '../../../../src/protocol/sessions-api';
import { refuse } from '../refuse';

export type Environment = Readonly<Record<string, string>>;

/** Variables of the platform, of which every session may have some beside its own. */
const PLATFORM_VARIABLES = 32;
const MAX_VARIABLES = MAX_ENV_VARIABLES - PLATFORM_VARIABLES;

const NAME = new RegExp(ENV_NAME_PATTERN);
const LONGEST_NAME_SHOWN = 64;

/** Refuses what a session daemon would refuse, before a worker is lost to it. No refusal repeats a value. */
export function checkedEnv(env: Environment | undefined): Environment | undefined {
  if (env === undefined) return undefined;
  const entries = Object.entries(env);
  if (entries.length > MAX_VARIABLES) throw refuse('BAD_REQUEST', `env has ${entries.length} variables; allowed: at most ${MAX_VARIABLES}`);
  for (const [name, value] of entries) {
    const problem = problemWith(name, value);
    if (problem !== undefined) throw refuse('BAD_REQUEST', `the variable ${JSON.stringify(name.slice(0, LONGEST_NAME_SHOWN))} of env ${problem}`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(env));
  if (bytes > MAX_SESSION_ENV) throw refuse('BAD_REQUEST', `env has ${bytes} bytes as JSON; allowed: at most ${MAX_SESSION_ENV}`);
  return entries.length === 0 ? undefined : env;
}

function problemWith(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return 'has a name that is none; allowed: letters, digits and _, no digit first';
  if (isReservedEnv(name) || Object.hasOwn(SESSION_ENV, name)) return 'is set by the platform';
  return value.includes('\0') ? 'has a zero byte' : undefined;
}
