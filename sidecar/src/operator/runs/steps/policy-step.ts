import { grantingOf } from './granting';
import { missingPrerequisite } from './prerequisite';
import { NamedPolicy, secretNames, TemplateIdentity } from '../../../../../src/protocol/policy';
import type { RunTemplate } from '../../../../../src/protocol/run-template';
import type { Run } from '../../objects/run';
import type { OperatorDeps, World } from '../../operator-deps';
import { Outcome, RunWork, done, fail } from '../run-work';

/** Whether the policies of the namespace grant what the template requires. The broker decides for itself; this tells people beforehand. */
export function policyStep({ world }: Pick<OperatorDeps, 'world'>, work: RunWork, template: RunTemplate): Outcome {
  const { run, run: { namespace } } = work;
  const policies = world.policies(namespace);
  const granted = grantedPrompt(policies, run);
  if (granted !== undefined) {
    work.condition('PolicySatisfied', 'PromptGranted', granted);
    return fail('PromptGranted', granted);
  }
  const kept = keptSpec(world, namespace, template.identity) ?? template.spec;
  const { message, shortfall } = grantingOf(policies, kept, { namespace, template });
  work.condition('PolicySatisfied', shortfall === undefined ? 'Granted' : 'PolicyMissing', message);
  return shortfall === undefined ? done() : missingPrerequisite(work, 'PolicyMissing', shortfall);
}

/** The agent gets the prompt as it is: a provider's Secret in it would give away what the broker keeps back. */
function grantedPrompt(policies: readonly NamedPolicy[], { spec }: Run): string | undefined {
  const secret = spec.promptFrom?.secretKeyRef?.name;
  const policy = policies.find((one) => secret !== undefined && secretNames(one.spec).includes(secret));
  return policy && `the prompt must not come from Secret '${secret}': BrokerPolicy '${policy.name}' takes a credential from it`;
}

function keptSpec(world: World, namespace: string, { kind, name }: TemplateIdentity): object | undefined {
  return kind === 'HarnessTemplate' ? world.template(namespace, name) : world.clusterTemplate(name);
}
