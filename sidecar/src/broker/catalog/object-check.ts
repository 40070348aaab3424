import { secretData } from './secret-object';
import type { ParsedDocument } from './strict-documents';
import { KindName, KINDS, problemsWith } from '../../../../src/protocol/resources';
import { namespaceName, objectName } from '../../../../src/protocol/resources/common';
import { schema } from '../../../../src/protocol/schema/types';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import { InputError } from '../../server/files/input-error';
import { Fields, isFields } from '../../server/text/fields';

/** An object of a file that has passed every check that the API server would make. */
export type CheckedObject = Identity & (
  { readonly kind: KindName; readonly object: CustomObject } | { readonly kind: 'Secret'; readonly data: ReadonlyMap<string, Buffer> }
);

interface Identity {
  readonly file: string;
  /** The file and the number of the document in it. */
  readonly place: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid?: string;
}

export interface CustomObject {
  readonly spec: unknown;
  readonly status?: unknown;
}

/** Namespace of objects that have none. */
export const NO_NAMESPACE = '';

const uid = schema({ type: 'string', minLength: 1, maxLength: 128, pattern: '^[!-~]+$', patternMessage: 'must have no blanks' });

/** Checks one document; throws what is wrong with it first and how much else is. */
export function checkedObject({ file, place, value }: ParsedDocument): CheckedObject {
  if (!isFields(value)) throw new InputError(`${place}: is not a Kubernetes object`);
  const { kind, metadata = {} } = value;
  if (!isKnownKind(kind)) {
    throw new InputError(`${place}: has a kind that is not read here; read are ${[...Object.keys(KINDS), 'Secret'].join(', ')}`);
  }
  if (!isFields(metadata)) throw new InputError(`${place}: metadata must be an object`);
  const namespaced = kind === 'Secret' || KINDS[kind].scope === 'Namespaced';
  refuse(place, metadataProblems(metadata, namespaced));
  const known = { file, place, name: String(metadata.name), namespace: namespaced ? String(metadata.namespace) : NO_NAMESPACE };
  if (kind === 'Secret') return { ...known, kind, data: secretData(place, value) };
  refuse(place, problemsWith(kind, value));
  return { ...known, kind, object: value as unknown as CustomObject, ...(metadata.uid === undefined ? {} : { uid: String(metadata.uid) }) };
}

function metadataProblems(metadata: Fields, namespaced: boolean): string[] {
  const { name, namespace } = metadata;
  return [
    ...problemsOf(objectName, name, 'metadata.name'),
    ...(metadata.uid === undefined ? [] : problemsOf(uid, metadata.uid, 'metadata.uid')),
    ...(namespaced ? problemsOf(namespaceName, namespace, 'metadata.namespace') : []),
    ...(!namespaced && namespace !== undefined ? ['metadata.namespace: must not be there: the kind belongs to the whole cluster'] : []),
  ];
}

function refuse(place: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  throw new InputError(`${place}: ${withoutValue(problems[0])}${more}`);
}

/** Problems end with the value that was found, for whoever wrote it; in a log it may be a secret. */
function withoutValue(problem: string): string {
  return problem.split(', got ', 1)[0];
}

function isKnownKind(kind: unknown): kind is KindName | 'Secret' {
  return kind === 'Secret' || (typeof kind === 'string' && Object.hasOwn(KINDS, kind));
}
