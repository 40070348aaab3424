import { API_GROUP, API_GROUP_VERSION, API_VERSION } from '../../../../src/protocol/names';
import { HarnessTemplateStatus, KINDS } from '../../../../src/protocol/resources';
import { OPERATOR_MANAGER } from '../../../../src/protocol/runs';
import { equal } from '../../../../src/protocol/schema/equal';
import { hasCode } from '../../kube/kube-error';
import { Condition, Conditions, withCondition } from '../conditions';
import type { Meta } from '../objects/meta';
import type { OperatorDeps } from '../operator-deps';

export type ReadinessDeps = Pick<OperatorDeps, 'world' | 'client' | 'clock'>;

/** A condition without what is the same for all. */
export type Said = Pick<Condition, 'status' | 'reason' | 'message'>;

/** Templates and policies have the same status. */
interface Defined extends Meta {
  readonly status: HarnessTemplateStatus;
}

type DefinedKind = 'HarnessTemplate' | 'ClusterHarnessTemplate' | 'BrokerPolicy';

/** Writes what is said of an object, by type of condition, if that is something else than before. */
export async function tell(deps: ReadinessDeps, kind: DefinedKind, object: Defined, said: Readonly<Record<string, Said>>): Promise<void> {
  const { namespace, name, uid, generation, status: { observedGeneration, conditions: before = [] } } = object;
  const now = deps.clock();
  // Conditions of others are theirs: applied, they would become ours.
  const own = before.filter(({ type }) => Object.hasOwn(said, type));
  const conditions = Object.entries(said).reduce<Conditions>((list, [type, one]) => withCondition(list, { type, ...one }, now, generation), own);
  if (observedGeneration === generation && equal(own, conditions)) return;
  const inNamespace = namespace === '' ? {} : { namespace };
  const resource = { group: API_GROUP, version: API_VERSION, plural: KINDS[kind].plural, ...inNamespace };
  const manifest = {
    apiVersion: API_GROUP_VERSION,
    kind,
    metadata: { name, uid, ...inNamespace },
    status: { observedGeneration: generation, conditions },
  };
  try {
    await deps.client.apply(resource, manifest, { fieldManager: OPERATOR_MANAGER, subresource: 'status' });
  } catch (error) {
    // It is gone, or another one of its name is there, of which the watch tells.
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  }
}
