import { discoveryOf } from './discovery';
import { ReadinessDeps, Said, tell } from './write';
import { policiesFor, TemplateKind } from '../../../../src/protocol/policy';
import { templateOf } from '../../../../src/protocol/run-template';
import type { Policy } from '../objects/policy';
import type { Again, World } from '../operator-deps';
import { specsOf } from '../template-specs';

/** Most templates that a message names. */
const NAMED = 10;

/** What a BrokerPolicy does now. Whether the Secrets are there that it names is not asked: only the broker reads them. */
export async function reconcilePolicy(deps: ReadinessDeps, namespace: string, name: string): Promise<Again> {
  const policy = deps.world.brokerPolicies.get(namespace, name);
  if (policy === undefined || policy.deletedAt !== undefined) return undefined;
  const { active, expired, again } = discoveryOf(policy.spec, deps.clock());
  const said = { DiscoveryExpired: expired, DiscoveryModeActive: active, Ready: policyReady(deps.world, policy) };
  await tell(deps, 'BrokerPolicy', policy, said);
  return again;
}

/** One that applies to nothing is no mistake: its templates may come later. */
function policyReady(world: World, policy: Policy): Said {
  const templates = templatesOf(world, policy);
  if (templates.length === 0) return { status: 'True', reason: 'NoTemplate', message: 'it applies to no template that is there' };
  const more = templates.length > NAMED ? ` and ${templates.length - NAMED} more` : '';
  return { status: 'True', reason: 'Ready', message: `it applies to ${templates.slice(0, NAMED).join(', ')}${more}` };
}

function templatesOf(world: World, { namespace, name, spec }: Policy): string[] {
  const applies = (kind: TemplateKind, template: string): boolean => {
    const found = templateOf({ namespace, templateRef: { name: template, kind } }, specsOf(world));
    return found !== undefined && policiesFor([{ name, spec }], found.identity).length > 0;
  };
  return [
    ...[...world.templates.of(namespace)].map((one) => one.name).filter((one) => applies('HarnessTemplate', one)).map((one) => `HarnessTemplate '${one}'`),
    ...[...world.clusterTemplates.of('')].map((one) => one.name).filter((one) => applies('ClusterHarnessTemplate', one)).map((one) => `ClusterHarnessTemplate '${one}'`),
  ].sort();
}
