import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { dirname } from 'node:path';
import type { CallerReview, ControllerCaller } from './caller';
import { accountsIn, tokensIn } from './caller-entries';
import { refuse } from './refuse';
import { EVERYBODY, hasAny, WRITE_BY_EVERYBODY } from '../crypto/file-mode';
import type { ServiceAccount } from '../kube/reviewed-account';
import type { ReviewToll } from '../kube/token-review';
import { InputError } from '../server/input-error';
import { fileStamp, readText } from '../server/read-file';
import { openReloaded, Reloaded } from '../server/reloaded';

export interface CallersFileOptions {
  readonly file: string;
  /** Told why a changed file is not used; the callers from before it stay. */
  readonly refused: (problem: string) => void;
  readonly pollMilliseconds?: number;
}

export interface TokensFileOptions extends CallersFileOptions {
  /** Told, once for each version of the file, what its owner had better change. */
  readonly warned: (problem: string) => void;
}

export interface OpenCallers extends CallerReview {
  close(): void;
}

type Review = (token: string, toll?: ReviewToll) => Promise<ServiceAccount | undefined>;

const MAX_BYTES = 1024 * 1024;

/** Callers whose tokens the API server reviews; who may call is in the file. Follows changes; a file with a mistake changes nothing. */
export async function openReviewedCallers(review: Review, options: CallersFileOptions): Promise<OpenCallers> {
  const { file } = options;
  const accounts = await followed(options, async () => accountsIn(file, await readText(file, MAX_BYTES)));
  return {
    review: async (token, toll) => {
      const account = await review(token, toll);
      if (account === undefined) return undefined;
      const caller = accounts.current().get(`${account.namespace}/${account.name}`);
      if (caller === undefined) throw refuse('FORBIDDEN', `system:serviceaccount:${account.namespace}:${account.name} may not call the controller`);
      return caller;
    },
    close: () => accounts.close(),
  };
}

/** Callers known by a token in a file. Follows changes; a file with a mistake changes nothing. */
export async function openTokensFile({ warned, ...options }: TokensFileOptions): Promise<OpenCallers> {
  const { file } = options;
  const tokens = await followed<ReadonlyMap<string, ControllerCaller>>(options, async () => {
    await checkMode(file, warned);
    return new Map(tokensIn(file, await readText(file, MAX_BYTES)).map(([token, caller]) => [digest(token), caller]));
  });
  return {
    // The time of a look-up by digest says nothing about how much of a token was right.
    review: async (token) => tokens.current().get(digest(token)),
    close: () => tokens.close(),
  };
}

function followed<T>({ file, refused, pollMilliseconds }: CallersFileOptions, load: () => Promise<T>): Promise<Reloaded<T>> {
  return openReloaded<T>({ stamp: () => fileStamp(file), folders: async () => [dirname(file)], load, refused }, pollMilliseconds);
}

async function checkMode(file: string, warned: (problem: string) => void): Promise<void> {
  const { mode } = await fs.stat(file);
  // Whoever can write the file makes callers at will.
  if (hasAny(mode, WRITE_BY_EVERYBODY)) throw new InputError(`${file}: must not be writable by others`);
  // The default mode of a mounted Secret, which only the pod's own processes see: a warning.
  if (hasAny(mode, EVERYBODY)) warned(`${file}: is readable by others`);
}

function digest(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('base64');
}
