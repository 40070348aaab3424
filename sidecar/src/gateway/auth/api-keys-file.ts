import { hash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { openMountedFile } from './mounted-file';
import { schema } from '../../../../src/protocol/schema/types';
import { API_KEY_HASH_PATTERN, ApiKeyEntry, MIN_API_KEY, OWNER_PREFIXES } from '../../../../src/protocol/session-pools';
import { hasAny, WRITE_BY_EVERYBODY } from '../../crypto/file-mode';
import { InputError } from '../../server/files/input-error';
import { jsonOfFile } from '../../server/files/json-of-file';
import { hiddenProblem } from '../../server/files/secret-entries';
import { isFields } from '../../server/text/fields';
import type { Principal } from '../principal';

export interface ApiKeysOptions {
  readonly file: string;
  /** Told why a file is not used; the keys from before it stay. */
  readonly refused: (problem: string) => void;
  readonly pollMilliseconds?: number;
}

export interface ApiKeys {
  /** Whose key it is; undefined when it is nobody's. */
  principalOf(key: string): Principal | undefined;
  /** Why nobody has a key yet; undefined as soon as somebody had one. */
  problem(): string | undefined;
  close(): void;
}

type Entries = ReadonlyMap<string, Principal>;

const MAX_BYTES = 1024 * 1024;
const MAX_KEYS = 5000;

const HASH = new RegExp(API_KEY_HASH_PATTERN);

const entry = schema({
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 253, pattern: '^[!-~]+$', patternMessage: 'must have no blanks and no other letters than those of ASCII' },
    admin: { type: 'boolean' },
  },
});

/** Clients known by a key of which a file has the hash. Follows changes; a file with a mistake changes nothing. */
export async function openApiKeys({ file, refused, pollMilliseconds }: ApiKeysOptions): Promise<ApiKeys> {
  let wasFilled = false;
  const state = await openMountedFile<Entries>({
    file,
    maxBytes: MAX_BYTES,
    parse: async (text) => {
      await refuseWritable(file);
      return apiKeysIn(file, text);
    },
    refused,
    pollMilliseconds,
  });
  return {
    // A look-up by hash takes as long for a key that is nearly right as for any other.
    principalOf: (key) => (key.length < MIN_API_KEY ? undefined : state.current()?.get(hashOf(key))),
    problem: () => {
      // Taking the last key away is a decision, and must not take the gateway from those who have tokens.
      wasFilled ||= (state.current()?.size ?? 0) > 0;
      return wasFilled ? undefined : `${file} has no API keys yet`;
    },
    close: () => state.close(),
  };
}

/** The keys of a file by their hash. Messages count entries instead of naming them: somebody may have put a key there. */
export function apiKeysIn(file: string, text: string): Entries {
  const entries = jsonOfFile(file, text);
  if (!isFields(entries)) throw new InputError(`${file}: must be a JSON object, hash of a key to what it stands for`);
  const keys = Object.entries(entries);
  if (keys.length > MAX_KEYS) throw new InputError(`${file}: has more than ${MAX_KEYS} keys`);
  return new Map(keys.map(([name, value], index) => {
    const problem = HASH.test(name) ? hiddenProblem(entry, value) : 'must be named sha256: and 64 lower-case hexadecimal digits';
    if (problem !== undefined) throw new InputError(`${file}, key ${index + 1}: ${problem}`);
    return [name, principalFor(value as ApiKeyEntry)];
  }));
}

function principalFor({ name, admin = false }: ApiKeyEntry): Principal {
  const owner = `${OWNER_PREFIXES.apiKey}${name}`;
  return { owner, admin, key: owner };
}

/** Whoever can write the file makes keys at will. */
async function refuseWritable(file: string): Promise<void> {
  const { mode } = await fs.stat(file);
  if (hasAny(mode, WRITE_BY_EVERYBODY)) throw new InputError(`${file}: must not be writable by others`);
}

function hashOf(key: string): string {
  return `sha256:${hash('sha256', key)}`;
}
