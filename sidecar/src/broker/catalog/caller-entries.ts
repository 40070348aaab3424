import { namespaceName } from './namespace-name';
import { CAPABILITIES, Capability, SUBJECT_KINDS, SubjectKind } from '../../../../src/protocol/broker-api';
import { objectName } from '../../../../src/protocol/resources/common';
import { schema } from '../../../../src/protocol/schema/types';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import { isFields } from '../../server/fields';
import { InputError } from '../../server/input-error';
import { parseStrictJson } from '../../server/strict-json';
import type { Caller } from '../caller';

const MAX_CALLERS = 1000;

/** A token of 16 random characters cannot be guessed through an API that limits attempts. */
const TOKEN = /^[!-~]{16,8192}$/;

const entry = schema({
  type: 'object',
  required: ['namespace', 'serviceAccount'],
  properties: {
    namespace: namespaceName,
    serviceAccount: objectName,
    podUid: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[!-~]+$' },
    capabilities: { 'type': 'array', 'maxItems': CAPABILITIES.length, 'x-kubernetes-list-type': 'set', 'items': { type: 'string', enum: CAPABILITIES } },
    subjects: { 'type': 'array', 'maxItems': SUBJECT_KINDS.length, 'x-kubernetes-list-type': 'set', 'items': { type: 'string', enum: SUBJECT_KINDS } },
  },
});

const FIELDS = Object.keys(entry.properties);

/** The callers of a file. Messages count entries instead of naming them: their names are the tokens. */
export function callersIn(file: string, text: string): [token: string, caller: Caller][] {
  const callers = parsed(file, text);
  if (!isFields(callers)) throw new InputError(`${file}: must be a JSON object, token to identity`);
  if (Object.keys(callers).length > MAX_CALLERS) throw new InputError(`${file}: has more than ${MAX_CALLERS} callers`);
  return Object.entries(callers).map(([token, value], index) => {
    const problem = tokenProblem(token) ?? entryProblem(value);
    if (problem !== undefined) throw new InputError(`${file}, caller ${index + 1}: ${problem}`);
    return [token, callerOf(value as EntryFields)];
  });
}

type EntryFields = Omit<Caller, 'capabilities' | 'subjects'> & { readonly capabilities?: readonly Capability[]; readonly subjects?: readonly SubjectKind[] };

function callerOf({ capabilities = [], subjects, ...identity }: EntryFields): Caller {
  return { ...identity, capabilities: new Set(capabilities), ...(subjects === undefined ? {} : { subjects: new Set(subjects) }) };
}

function tokenProblem(token: string): string | undefined {
  return TOKEN.test(token) ? undefined : 'its token must have 16 to 8192 characters and no blanks';
}

function entryProblem(value: unknown): string | undefined {
  // The unknown name is not shown: in a file that is nested one level too deep it is a token.
  if (isFields(value) && Object.keys(value).some((field) => !FIELDS.includes(field))) return `has a field that is not known; allowed are ${FIELDS.join(', ')}`;
  return problemsOf(entry, value, '')[0]?.split(', got ', 1)[0];
}

function parsed(file: string, text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    throw new InputError(`${file}: is not JSON in which every key is there once`);
  }
}
