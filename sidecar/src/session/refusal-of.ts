import { ClientGone } from './client';
import { HelperGone } from './native/helper-connection';
import { refuse } from './refuse';
import { TurnGivenUp } from './turns';
import { PathRefused } from './workspace-path';
import type { SessionCode } from '../../../src/protocol/session-api';
import { ApiError } from '../server/http/errors';

/** https://man7.org/linux/man-pages/man3/errno.3.html */
const BY_ERRNO: Readonly<Record<string, readonly [SessionCode, string]>> = {
  EACCES: ['ACCESS_DENIED', 'is not accessible'],
  EBUSY: ['ACCESS_DENIED', 'is in use'],
  EDQUOT: ['NO_SPACE', 'does not fit: the quota is used up'],
  EEXIST: ['ALREADY_EXISTS', 'is there already'],
  EFBIG: ['TOO_LARGE', 'is longer than files may be'],
  EINVAL: ['BAD_REQUEST', 'cannot be used here'],
  EISDIR: ['NOT_A_FILE', 'is a folder'],
  ELOOP: ['PATH_REFUSED', 'has too many links'],
  EMFILE: ['UNAVAILABLE', 'cannot be opened: too many files are open'],
  EMLINK: ['NO_SPACE', 'does not fit: the folder is full'],
  ENAMETOOLONG: ['PATH_REFUSED', 'is too long'],
  ENFILE: ['UNAVAILABLE', 'cannot be opened: too many files are open'],
  ENOENT: ['FILE_NOT_FOUND', 'is not there'],
  ENOSPC: ['NO_SPACE', 'does not fit: the volume is full'],
  ENOTDIR: ['NOT_A_DIRECTORY', 'is not a folder, or a part of it is none'],
  ENOTEMPTY: ['NOT_EMPTY', 'is a folder that is not empty'],
  EPERM: ['ACCESS_DENIED', 'is not accessible'],
  EROFS: ['ACCESS_DENIED', 'is on a volume that is read-only'],
  ETXTBSY: ['ACCESS_DENIED', 'is in use'],
  EXDEV: ['PATH_REFUSED', 'is on another volume'],
  EAGAIN: ['UNAVAILABLE', 'cannot be opened now'],
};

const RETRIED: readonly SessionCode[] = ['UNAVAILABLE'];

/** What went wrong with a path as a refusal; what is no matter of the client stays as it is. */
export function refusalOf(thrown: unknown, path: string): unknown {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof PathRefused) return refuse(thrown.reason === 'not-a-file' ? 'NOT_A_FILE' : 'PATH_REFUSED', thrown.message);
  if (thrown instanceof HelperGone) return refuse('HELPER_GONE', 'the program that starts commands and opens files has ended', { cause: thrown });
  // No defect: nobody reads the answer.
  if (thrown instanceof ClientGone || thrown instanceof TurnGivenUp) return refuse('BAD_REQUEST', 'the client went away');
  const { code } = (thrown ?? {}) as NodeJS.ErrnoException;
  if (code === 'ECONNRESET') return refuse('BAD_REQUEST', 'the body ended early');
  const known = code === undefined || !Object.hasOwn(BY_ERRNO, code) ? undefined : BY_ERRNO[code];
  if (known === undefined) return thrown;
  const [refusal, text] = known;
  return refuse(refusal, `${shown(path)} ${text}`, { cause: thrown, ...(RETRIED.includes(refusal) ? { retryAfterSeconds: 1 } : {}) });
}

const LONGEST_SHOWN = 256;

/** A path in a refusal. */
export function shown(path: string): string {
  return JSON.stringify(path.length > LONGEST_SHOWN ? `${path.slice(0, LONGEST_SHOWN)}...` : path);
}

/** Does something with a path, and refuses what went wrong with it. */
export async function refusing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusalOf(error, path);
  }
}
