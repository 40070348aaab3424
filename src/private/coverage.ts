import type { Coverage, CoveredRun, CoveredTemplate } from './covered';
import { seedersProblems } from './seeders';
import type { IHarnessTemplate } from '../harness-template-ref';
import type { NamedPolicy, Unmet } from '../protocol/policy';
import { policiesFor, secretNames, unmetRequirements } from '../protocol/policy';
import { resolveTemplate } from '../protocol/resources/template-defaults';

export interface CoverageProblem {
  /** Path of the construct, or kind and name of the object. */
  readonly subject: string;
  readonly message: string;
}

/** What the checks need to know of a template; `path` only for one that was added to the namespace. */
export function coveredTemplate({ templateName, templateKind, _spec, _base }: IHarnessTemplate, path?: string): CoveredTemplate {
  return { name: templateName, kind: templateKind, spec: _spec, base: _base?._spec, path };
}

/** What the objects of a namespace need from each other and do not get. */
export function coverageProblems(coverage: Coverage): CoverageProblem[] {
  const ofTemplates = coverage.templates
    .filter(({ kind }) => kind === 'HarnessTemplate')
    .flatMap((template) => report(template.path ?? `HarnessTemplate '${template.name}'`, grantProblems(coverage, template)));
  const ofRuns = coverage.runs.flatMap((run) => report(run.path ?? `HarnessRun '${run.name}'`, runProblems(coverage, run)));
  return [...ofTemplates, ...ofRuns];
}

function runProblems(coverage: Coverage, run: CoveredRun): string[] {
  const template = coverage.templates.find(({ kind, name }) => kind === run.templateKind && name === run.templateName);
  if (template === undefined) {
    const fromName = `${run.templateKind}.fromName('${run.templateName}')`;
    return [`template must be one of this app or be declared by ${fromName}, got the ${run.templateKind} '${run.templateName}'`];
  }
  // What a template of the namespace lacks is reported there, once for all its runs.
  const missing = template.kind === 'ClusterHarnessTemplate' ? grantProblems(coverage, template) : [];
  return [...missing, ...interactProblems(coverage, template, run), ...promptProblems(coverage, run), ...seedersProblems(coverage, run)];
}

function grantProblems(coverage: Coverage, template: CoveredTemplate): string[] {
  if (template.spec === undefined) return [];
  const policies = matching(coverage, template);
  const unmet = unmetRequirements(resolveTemplate(template.spec, template.base).requires, policies);
  const considered = policies.length === 0
    ? `no BrokerPolicy of this app applies to the ${template.kind} '${template.name}'`
    : `policies that apply to the ${template.kind} '${template.name}': ${policies.map(({ name }) => name).join(', ')}`;
  return needs(unmet).map((need) => `${need} must be granted; ${considered}`);
}

function needs({ credentials, egress }: Unmet): string[] {
  return [
    ...credentials.map((name) => `required credential '${name}'`),
    ...egress.map(({ host, ports }) => `required egress to '${host}' on ${ports.length === 0 ? 'any port' : `port ${ports.join(', ')}`}`),
  ];
}

function interactProblems(coverage: Coverage, template: CoveredTemplate, run: CoveredRun): string[] {
  if (run.spec.mode !== 'Interactive') return [];
  if (matching(coverage, template).some(({ spec }) => spec.grants.runs?.interact === true)) return [];
  return [`mode Interactive needs a BrokerPolicy with 'interact: true' that applies to the ${template.kind} '${template.name}'`];
}

/** The operator hands the prompt to the agent: a provider's Secret in it would give away what the broker keeps back. */
function promptProblems({ policies }: Coverage, { spec }: CoveredRun): string[] {
  const secret = spec.promptFrom?.secretKeyRef?.name;
  return policies
    .filter((policy) => secret !== undefined && secretNames(policy.spec).includes(secret))
    .map(({ name }) => `prompt must not come from Secret '${secret}': BrokerPolicy '${name}' takes a credential from it`);
}

function matching({ policies, templates }: Coverage, template: CoveredTemplate): NamedPolicy[] {
  const { name, kind, spec, base } = template;
  const shadows = kind === 'HarnessTemplate' && templates.some((other) => other.kind === 'ClusterHarnessTemplate' && other.name === name);
  const image = spec?.image ?? base?.image;
  // An image that is named outside this app is unknown, so a pin must not count against it here; the broker knows it.
  const candidates = image === undefined ? policies.map(withoutPins) : policies;
  return policiesFor(candidates, { name, kind, shadows, imageDigest: image?.split('@')[1] });
}

function withoutPins(policy: NamedPolicy): NamedPolicy {
  const { imageDigests: _pins, ...spec } = policy.spec;
  return { ...policy, spec };
}

function report(subject: string, messages: readonly string[]): CoverageProblem[] {
  return messages.map((message) => ({ subject, message }));
}
