import type { SecretReader } from './provider';
import { rawValue, unusable } from './secret-value';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';

/** Tokens of one pool. */
const MAX_TOKENS = 500;

/** Longest token: it is sent as part of one header. */
const MAX_LENGTH = 4096;

/** The tokens of a pool, each once: one per line; empty lines and lines that begin with `#` are none. */
export async function poolTokens(grant: CredentialGrantSpec, secrets: SecretReader): Promise<string[]> {
  const lines = (await rawValue(grant, secrets)).split('\n').map((line) => line.trim());
  const tokens = [...new Set(lines.filter(isEntry))];
  // Told by its number, never by its content.
  const odd = lines.findIndex((line) => isEntry(line) && (!/^[!-~]+$/.test(line) || line.length > MAX_LENGTH));
  if (odd !== -1) throw unusable(grant, `has something else than one token of visible ASCII, of at most ${MAX_LENGTH} characters, on line ${odd + 1}`);
  if (tokens.length === 0) throw unusable(grant, 'has no token');
  if (tokens.length > MAX_TOKENS) throw unusable(grant, `has ${tokens.length} tokens; a pool has at most ${MAX_TOKENS}`);
  return tokens;
}

function isEntry(line: string): boolean {
  return line !== '' && !line.startsWith('#');
}
