import { nearNames } from './near-names';
import { missingPrerequisite } from './prerequisite';
import { RunTemplate, templateOf } from '../../../../../src/protocol/run-template';
import type { Run } from '../../objects/run';
import type { Template } from '../../objects/template';
import type { OperatorDeps, World } from '../../operator-deps';
import { specsOf } from '../../template-specs';
import { Outcome, RunWork, done, fail } from '../run-work';

/** The template of a run, with its base merged in. */
export function templateStep({ world }: Pick<OperatorDeps, 'world'>, work: RunWork): Outcome<RunTemplate> {
  const { run } = work;
  if (run.spec.mode === 'Interactive') return fail('InteractiveUnsupported', "mode 'Interactive' is not supported: leave mode out, or make it 'Batch'");
  const template = resolved(world, run);
  if (template === undefined) return notYet(work, 'TemplateNotFound', whatIsMissing(world, run));
  const lacking = (['image', 'command'] as const).filter((field) => (template.spec[field]?.length ?? 0) === 0);
  if (lacking.length > 0) return notYet(work, 'TemplateInvalid', `${named(template)} must have ${lacking.join(' and ')}, itself or by its base`);
  work.condition('TemplateResolved', 'TemplateResolved', named(template));
  return done(template);
}

function resolved(world: World, { namespace, spec: { templateRef } }: Run): RunTemplate | undefined {
  return templateOf({ namespace, templateRef }, specsOf(world));
}

function notYet(work: RunWork, reason: 'TemplateNotFound' | 'TemplateInvalid', message: string): Outcome<never> {
  work.condition('TemplateResolved', reason, message);
  return missingPrerequisite(work, reason, message);
}

/** A template whose base is not there cannot be resolved either. */
function whatIsMissing(world: World, { namespace, spec: { templateRef: { name, kind } } }: Run): string {
  const base = kind === 'ClusterHarnessTemplate' ? undefined : world.template(namespace, name)?.baseTemplateRef?.name;
  if (base !== undefined) {
    const hint = hintOf(nearClusterTemplates(world, base));
    return `HarnessTemplate '${name}' in namespace '${namespace}' completes the ClusterHarnessTemplate '${base}', which is not there${hint}`;
  }
  const own = `HarnessTemplate '${name}' in namespace '${namespace}'`;
  const cluster = `ClusterHarnessTemplate '${name}'`;
  const missing = kind === undefined ? `neither a ${own} nor a ${cluster}` : `no ${kind === 'HarnessTemplate' ? own : cluster}`;
  const near = nearNames(name, namesOf(world.templates.of(namespace))).map((one) => `HarnessTemplate '${one}'`);
  return `there is ${missing}${hintOf([...near, ...nearClusterTemplates(world, name)])}`;
}

function nearClusterTemplates(world: World, name: string): string[] {
  return nearNames(name, namesOf(world.clusterTemplates.of(''))).map((one) => `ClusterHarnessTemplate '${one}'`);
}

function namesOf(templates: Iterable<Template>): string[] {
  return [...templates].map(({ name }) => name);
}

function hintOf(near: readonly string[]): string {
  return near.length === 0 ? '' : `; there is ${near.join(', ')}`;
}

function named({ identity: { kind, name } }: RunTemplate): string {
  return `${kind} '${name}'`;
}
