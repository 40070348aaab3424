import type { ObjectSchema } from '../../../../src/protocol/schema/types';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import { isFields } from '../text/fields';

/** A token of 16 random characters cannot be guessed through an API that limits attempts. */
const TOKEN = /^[!-~]{16,8192}$/;

/** What is wrong with a token that names an entry of a file, without the token. */
export function tokenProblem(token: string): string | undefined {
  return TOKEN.test(token) ? undefined : 'its token must have 16 to 8192 characters and no blanks';
}

/** What is wrong with an entry of a file of secrets, without its values. */
export function hiddenProblem(entry: ObjectSchema, value: unknown): string | undefined {
  const fields = Object.keys(entry.properties ?? {});
  // The unknown name is not shown: in a file that is nested one level too deep it is a secret.
  if (isFields(value) && Object.keys(value).some((field) => !fields.includes(field))) return `has a field that is not known; allowed are ${fields.join(', ')}`;
  return problemsOf(entry, value, '')[0]?.split(', got ', 1)[0];
}
