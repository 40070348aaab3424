import type { Caller } from './caller';
import { CAPABILITIES, Capability, SUBJECT_KINDS, SubjectKind } from '../../../../src/protocol/broker-api';
import { namespaceName, objectName } from '../../../../src/protocol/resources/common';
import { schema } from '../../../../src/protocol/schema/types';
import { InputError } from '../../server/files/input-error';
import { jsonOfFile } from '../../server/files/json-of-file';
import { hiddenProblem, tokenProblem } from '../../server/files/secret-entries';
import { isFields } from '../../server/text/fields';

const MAX_CALLERS = 1000;

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

/** The callers of a file. Messages count entries instead of naming them: their names are the tokens. */
export function callersIn(file: string, text: string): [token: string, caller: Caller][] {
  const callers = jsonOfFile(file, text);
  if (!isFields(callers)) throw new InputError(`${file}: must be a JSON object, token to identity`);
  if (Object.keys(callers).length > MAX_CALLERS) throw new InputError(`${file}: has more than ${MAX_CALLERS} callers`);
  return Object.entries(callers).map(([token, value], index) => {
    const problem = tokenProblem(token) ?? hiddenProblem(entry, value);
    if (problem !== undefined) throw new InputError(`${file}, caller ${index + 1}: ${problem}`);
    return [token, callerOf(value as EntryFields)];
  });
}

type EntryFields = Omit<Caller, 'capabilities' | 'subjects'> & { readonly capabilities?: readonly Capability[]; readonly subjects?: readonly SubjectKind[] };

function callerOf({ capabilities = [], subjects, ...identity }: EntryFields): Caller {
  return { ...identity, capabilities: new Set(capabilities), ...(subjects === undefined ? {} : { subjects: new Set(subjects) }) };
}
