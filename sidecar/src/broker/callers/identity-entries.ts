import type { Caller } from './caller';
import { CAPABILITIES, Capability, SUBJECT_KINDS, SubjectKind } from '../../../../src/protocol/broker-api';
import { namespaceName, objectName } from '../../../../src/protocol/resources/common';
import { schema } from '../../../../src/protocol/schema/types';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import { InputError } from '../../server/files/input-error';
import { jsonOfFile } from '../../server/files/json-of-file';
import { isFields } from '../../server/text/fields';

/** `namespace/serviceAccount` to what it may do. */
export type Identities = ReadonlyMap<string, Pick<Caller, 'capabilities' | 'subjects'>>;

const MAX_IDENTITIES = 1000;

const entry = schema({
  type: 'object',
  required: ['capabilities'],
  properties: {
    capabilities: { 'type': 'array', 'maxItems': CAPABILITIES.length, 'x-kubernetes-list-type': 'set', 'items': { type: 'string', enum: CAPABILITIES } },
    subjects: { 'type': 'array', 'maxItems': SUBJECT_KINDS.length, 'x-kubernetes-list-type': 'set', 'items': { type: 'string', enum: SUBJECT_KINDS } },
  },
});

interface EntryFields {
  readonly capabilities: readonly Capability[];
  readonly subjects?: readonly SubjectKind[];
}

/** The identities of a file. Nothing in it is secret, so messages name the identity. */
export function identitiesIn(file: string, text: string): Identities {
  const identities = jsonOfFile(file, text);
  if (!isFields(identities)) throw new InputError(`${file}: must be a JSON object, namespace/serviceAccount to capabilities`);
  const entries = Object.entries(identities);
  if (entries.length > MAX_IDENTITIES) throw new InputError(`${file}: has more than ${MAX_IDENTITIES} identities`);
  return new Map(entries.map(([identity, value]) => {
    const [problem] = [...identityProblems(identity), ...problemsOf(entry, value, '')];
    if (problem !== undefined) throw new InputError(`${file}, ${JSON.stringify(identity.slice(0, 80))}: ${problem}`);
    const { capabilities, subjects } = value as EntryFields;
    return [identity, { capabilities: new Set(capabilities), ...(subjects === undefined ? {} : { subjects: new Set(subjects) }) }];
  }));
}

function identityProblems(identity: string): string[] {
  const [namespace, serviceAccount, ...rest] = identity.split('/');
  if (serviceAccount === undefined || rest.length > 0) return ['must be namespace/serviceAccount'];
  return [...problemsOf(namespaceName, namespace, 'namespace'), ...problemsOf(objectName, serviceAccount, 'serviceAccount')];
}
