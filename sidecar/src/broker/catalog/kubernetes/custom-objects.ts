import { API_GROUP, API_VERSION } from '../../../../../src/protocol/names';
import type { NamedPolicy } from '../../../../../src/protocol/policy';
import { BrokerPolicySpec, HarnessTemplateSpec, KindName, KINDS } from '../../../../../src/protocol/resources';
import type { KubeObject, Resource } from '../../../kube/client';
import { InputError } from '../../../server/files/input-error';
import { CheckedObject, checkedObject } from '../object-check';
import { StoredRun, storedRun } from '../run-of';
import { StoredTemplate, storedTemplate } from '../template-of';

/** Told of an object that is left out because it breaks the rules of its kind. */
export type LeftOut = (kind: KindName, problem: string) => void;

type CustomObject = Extract<CheckedObject, { object: unknown }>;

/** What the broker keeps of each kind. */
export const PROJECTIONS = {
  HarnessRun: storedRun,
  HarnessTemplate: ({ object }: CustomObject) => storedTemplate(object.spec as HarnessTemplateSpec),
  ClusterHarnessTemplate: ({ object }: CustomObject) => storedTemplate(object.spec as HarnessTemplateSpec),
  BrokerPolicy: ({ name, object }: CustomObject): NamedPolicy => ({ name, spec: object.spec as BrokerPolicySpec }),
} satisfies Partial<Record<KindName, (object: CustomObject) => StoredRun | StoredTemplate | NamedPolicy>>;

export type ReadKind = keyof typeof PROJECTIONS;

/** What a kind becomes in the catalog. */
export type Projected<Kind extends ReadKind> = ReturnType<(typeof PROJECTIONS)[Kind]>;

export function resourceOf(kind: ReadKind, namespace?: string): Resource {
  return { group: API_GROUP, version: API_VERSION, plural: KINDS[kind].plural, ...(namespace === undefined ? {} : { namespace }) };
}

/**
 * Keeps what is needed of an object that passes the checks of its kind. One that does not is left out, and stops no other:
 * whoever may write objects in one namespace must not be able to stop the broker for all. What cannot be read grants nothing.
 */
export function projection<Kind extends ReadKind>(kind: Kind, leftOut: LeftOut): (object: KubeObject) => Projected<Kind> | undefined {
  return (value) => {
    const { namespace, name } = value.metadata;
    const place = `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
    try {
      // Objects of a list have no kind of their own in every version of the API server.
      const checked = checkedObject({ file: 'api', place, value: { apiVersion: `${API_GROUP}/${API_VERSION}`, kind, ...value } });
      if (checked.kind !== kind || !('object' in checked)) throw new InputError(`${place}: is of another kind`);
      return PROJECTIONS[kind](checked) as Projected<Kind>;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      leftOut(kind, error.message);
      return undefined;
    }
  };
}
