import { resolvedReady } from './template';
import { ReadinessDeps, tell } from './write';
import type { Again } from '../operator-deps';

/** Whether runs can be made of a ClusterHarnessTemplate. */
export async function reconcileClusterTemplate(deps: ReadinessDeps, name: string): Promise<Again> {
  const template = deps.world.clusterTemplates.get('', name);
  if (template === undefined || template.deletedAt !== undefined) return undefined;
  const Ready = resolvedReady({ identity: { name, kind: 'ClusterHarnessTemplate' }, spec: template.spec });
  await tell(deps, 'ClusterHarnessTemplate', template, { Ready });
  return undefined;
}
