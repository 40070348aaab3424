import { ownerOf, putOwned } from './owned-object';
import { nameTaken, refused } from './refusal';
import { runNetworkPolicy } from '../../../../../src/manifests/run-network-policy';
import { equal } from '../../../../../src/protocol/schema/equal';
import type { OperatorDeps } from '../../operator-deps';
import { Outcome, RunWork, done } from '../run-work';

/** The NetworkPolicy of a run. It is put back while the run lives, when somebody has deleted or changed it. */
export async function networkStep({ client, settings, world }: Pick<OperatorDeps, 'client' | 'settings' | 'world'>, work: RunWork): Promise<Outcome> {
  const { platform, namespace, name, uid } = ownerOf(settings, work.run);
  const policy = runNetworkPolicy({ platform, namespace, run: name, uid });
  const outcome = equal(world.networkPolicySpec(namespace, policy.metadata.name), policy.spec) ? done() : await written(client, work, policy);
  work.set({ networkPolicyEnforced: outcome.kind === 'done' });
  return outcome;
}

async function written(client: OperatorDeps['client'], work: RunWork, policy: ReturnType<typeof runNetworkPolicy>): Promise<Outcome> {
  const what = `NetworkPolicy '${policy.metadata.name}'`;
  try {
    const isOurs = await putOwned(client, { group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies', namespace: work.run.namespace }, policy);
    return isOurs ? done() : nameTaken(work, what);
  } catch (error) {
    return refused(work, error, { what });
  }
}
