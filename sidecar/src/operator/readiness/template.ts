import { ReadinessDeps, Said, tell } from './write';
import { mountProblems } from '../../../../src/protocol/resources/mount-paths';
import { RunTemplate, templateOf } from '../../../../src/protocol/run-template';
import type { Template } from '../objects/template';
import type { Again, World } from '../operator-deps';
import { specsOf } from '../template-specs';

/** Whether runs can be made of a HarnessTemplate, with the base that it names. */
export async function reconcileTemplate(deps: ReadinessDeps, namespace: string, name: string): Promise<Again> {
  const template = deps.world.templates.get(namespace, name);
  if (template === undefined || template.deletedAt !== undefined) return undefined;
  await tell(deps, 'HarnessTemplate', template, { Ready: templateReady(deps.world, template) });
  return undefined;
}

function templateReady(world: World, { namespace, name, spec: { baseTemplateRef } }: Template): Said {
  const resolved = templateOf({ namespace, templateRef: { name, kind: 'HarnessTemplate' } }, specsOf(world));
  if (resolved !== undefined) return resolvedReady(resolved);
  const hint = 'create it, or name another base: only a ClusterHarnessTemplate can be one';
  return { status: 'False', reason: 'BaseNotFound', message: `there is no ClusterHarnessTemplate '${baseTemplateRef?.name}': ${hint}` };
}

/** What is said of a template whose base is merged in. */
export function resolvedReady({ identity, spec }: RunTemplate): Said {
  const lacking = (['image', 'command'] as const).filter((field) => (spec[field]?.length ?? 0) === 0);
  if (lacking.length > 0) return invalid(`it must have ${lacking.join(' and ')}, also by its base`);
  const problems = mountProblems(spec);
  if (problems.length > 0) return invalid(problems.join('; '));
  const shadow = "it hides the ClusterHarnessTemplate of its name, so only policies apply to it that have 'HarnessTemplate' in templateKinds";
  return { status: 'True', reason: 'Ready', message: identity.shadows === true ? shadow : 'runs can be made of it' };
}

function invalid(message: string): Said {
  return { status: 'False', reason: 'TemplateInvalid', message };
}
