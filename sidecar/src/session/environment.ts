import type { KeyObject } from 'node:crypto';
import { isLoaderVariable } from './execute/loader-variables';
import { refuse } from './refuse';
import { SESSION_ENV } from '../../../src/protocol/env';
import { ENV_NAME_PATTERN, isReservedEnv, WAY_OUT_ENV } from '../../../src/protocol/reserved-env';
import { InitClaims, MAX_ENV_BYTES, MAX_ENV_VARIABLES } from '../../../src/protocol/session-api';
import { hashOfSealed, openWithKey } from '../crypto/sealed-to-key';
import { parseStrictJson } from '../server/text/strict-json';

export type Environment = Readonly<Record<string, string>>;

const NONE: Environment = Object.freeze({});

/**
 * The environment of a session, as far as there is one. The token must cover it, so that nobody on the way can leave it
 * out, put another in its place, or have it encrypted to a key of theirs.
 */
export async function openEnvironment(claims: InitClaims, sealed: string | undefined, bootKey: KeyObject): Promise<Environment> {
  const { env_sha256: hash, boot_key_thumbprint: thumbprint } = claims;
  if (sealed === undefined) {
    if (hash !== undefined) throw refused('the token covers an environment, and there is none');
    return NONE;
  }
  if (hash === undefined || thumbprint === undefined) throw refused('env needs a token with the claims env_sha256 and boot_key_thumbprint');
  if (hash !== hashOfSealed(sealed)) throw refused('env is not the one that the token covers');
  const text = await openWithKey(sealed, bootKey);
  if (text === undefined) throw refused('env is not a JWE to the key of this boot, with ECDH-ES+A256KW and A256GCM');
  return checkedEnvironment(text);
}

/** The variables of a JSON object. No refusal repeats a value. */
export function checkedEnvironment(text: string): Environment {
  const fields = fieldsOf(text);
  const entries = Object.entries(fields);
  if (entries.length > MAX_ENV_VARIABLES) throw refused(`env has ${entries.length} variables; allowed: at most ${MAX_ENV_VARIABLES}`);
  for (const [name, value] of entries) {
    const problem = problemWithVariable(name, value);
    if (problem !== undefined) throw refused(`the variable ${JSON.stringify(name.slice(0, LONGEST_NAME_SHOWN))} ${problem}`);
  }
  const bytes = entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value as string), 0);
  if (bytes > MAX_ENV_BYTES) throw refused(`env has ${bytes} bytes; allowed: at most ${MAX_ENV_BYTES}`);
  return Object.freeze(fields as Record<string, string>);
}

const LONGEST_NAME_SHOWN = 64;

const NAME = new RegExp(ENV_NAME_PATTERN);

/** Why a variable may not be set, or undefined. */
function problemWithVariable(name: string, value: unknown): string | undefined {
  if (!NAME.test(name)) return 'has a name that is none; allowed: letters, digits and _, no digit first';
  // The way out of a session is known to the controller alone, which takes none of these from users.
  const isReserved = isReservedEnv(name) && !WAY_OUT_ENV.includes(name);
  if (isReserved || isLoaderVariable(name) || Object.hasOwn(SESSION_ENV, name)) return 'is set by the platform';
  if (typeof value !== 'string') return 'is not a text';
  return value.includes('\0') ? 'has a zero byte' : undefined;
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const value = parseStrictJson(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The reason is the same.
  }
  throw refused('env is not a JSON object, or has a name twice');
}

function refused(message: string): Error {
  return refuse('INIT_ENV_REFUSED', message);
}
