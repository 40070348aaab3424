import type { Caller } from './caller';
import { callersIn } from './caller-entries';
import { openTokensFile, TokensFile, TokensFileOptions } from '../../crypto/tokens-file';

/** Callers known by a token in a file: a JSON object, token to identity. */
export function openCallersFile(options: Omit<TokensFileOptions<Caller>, 'parse'>): Promise<TokensFile<Caller>> {
  return openTokensFile({ ...options, parse: callersIn });
}
