import type { HarnessRunProps } from '../harness-run-props';
import type { IHarnessTemplate } from '../harness-template-ref';
import { imageProblems } from './image-checks';
import { cutProblems } from './limit-checks';
import { resolvedTemplate } from './template-checks';
import { problems } from './validation';
import { deviceProblems } from '../manifests/agent-resources';
import type { HarnessRunSpec } from '../protocol/resources';
import { interactiveTimeouts } from '../protocol/resources/template-defaults';

/** What is wrong with a run beyond its schema: it needs the objects that the run names to be seen. */
export function runProblems(spec: HarnessRunSpec, { namespace, template, workspace }: HarnessRunProps): string[] {
  const own = namespace.namespaceName;
  const resolved = resolvedTemplate(template);
  return [
    ...problems(
      elsewhereProblem(`template '${template.templateName}'`, template._namespaceName, own),
      elsewhereProblem(`workspace '${workspace?.workspaceName}'`, workspace?._namespaceName, own),
    ),
    ...variableProblems(spec, template),
    // What a template names that is made outside this app is unknown here; the operator knows it.
    ...resolved === undefined ? [] : deviceProblems(resolved, spec),
    ...resolved === undefined ? [] : imageProblems(resolved, namespace._allowedImages).map((problem) => `${template.templateKind} '${template.templateName}': ${problem}`),
    ...interactiveProblems(spec, template),
  ];
}

/** The agent would see one of the two, and which one is neither author's choice. */
function variableProblems({ extraEnv = [] }: HarnessRunSpec, template: IHarnessTemplate): string[] {
  const required = resolvedTemplate(template)?.requires?.credentials ?? [];
  return extraEnv
    .filter((variable) => required.some(({ name }) => name === variable.name))
    .map(({ name }) => `extraEnv must not have '${name}': the ${template.templateKind} '${template.templateName}' requires a credential of that name`);
}

function elsewhereProblem(subject: string, namespace: string | undefined, own: string): string | undefined {
  if (namespace === undefined || namespace === own) return undefined;
  return `${subject} must be in the namespace of the run, '${own}', got namespace '${namespace}'`;
}

function interactiveProblems(spec: HarnessRunSpec, template: IHarnessTemplate): string[] {
  if (spec.mode !== 'Interactive') return [];
  const ignored = spec.timeout === undefined ? [] : [`timeout must be left out of an interactive run, which ends by its maxLifetime, got ${spec.timeout}`];
  const resolved = resolvedTemplate(template);
  if (resolved === undefined) return ignored;
  if (resolved.interactive === undefined) {
    return [...ignored, `mode Interactive needs a template with 'interactive', got the ${template.templateKind} '${template.templateName}' without it`];
  }
  const overrides = spec.interactiveOverrides ?? {};
  return [...ignored, ...cutProblems(overrides, interactiveTimeouts(resolved, overrides))];
}
