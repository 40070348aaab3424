import { hash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { dirname } from 'node:path';
import { EVERYBODY, hasAny, WRITE_BY_EVERYBODY } from './file-mode';
import { InputError } from '../server/files/input-error';
import { fileStamp, readText } from '../server/files/read-file';
import { openReloaded } from '../server/files/reloaded';

export interface TokensFileOptions<Caller> {
  readonly file: string;
  /** The tokens in a text, and whose they are. Throws `InputError` for a text that cannot be used. */
  readonly parse: (file: string, text: string) => readonly (readonly [token: string, caller: Caller])[];
  /** Told why a changed file is not used; the callers from before it stay. */
  readonly refused: (problem: string) => void;
  /** Told, once for each version of the file, what its owner had better change. */
  readonly warned: (problem: string) => void;
  readonly pollMilliseconds?: number;
}

export interface TokensFile<Caller> {
  /** Whose token it is; undefined when it is nobody's. */
  review(token: string): Promise<Caller | undefined>;
  close(): void;
}

const MAX_BYTES = 1024 * 1024;

/** Callers known by a token in a file. Follows changes; a file with a mistake changes nothing. Rejects when there is none to begin with. */
export async function openTokensFile<Caller>(
  { file, parse, refused, warned, pollMilliseconds }: TokensFileOptions<Caller>,
): Promise<TokensFile<Caller>> {
  const state = await openReloaded<ReadonlyMap<string, Caller>>({
    stamp: () => fileStamp(file),
    folders: async () => [dirname(file)],
    load: async () => {
      await checkMode(file, warned);
      return new Map(parse(file, await readText(file, MAX_BYTES)).map(([token, caller]) => [digest(token), caller]));
    },
    refused,
  }, pollMilliseconds);
  return {
    // The time of a look-up by digest says nothing about how much of a token was right.
    review: async (token) => state.current().get(digest(token)),
    close: () => state.close(),
  };
}

async function checkMode(file: string, warned: (problem: string) => void): Promise<void> {
  const { mode } = await fs.stat(file);
  // Whoever can write the file makes callers at will.
  if (hasAny(mode, WRITE_BY_EVERYBODY)) throw new InputError(`${file}: must not be writable by others`);
  // The default mode of a mounted Secret, which only the pod's own processes see: a warning.
  if (hasAny(mode, EVERYBODY)) warned(`${file}: is readable by others`);
}

function digest(token: string): string {
  return hash('sha256', token, 'base64');
}
