import type { BrokerPolicy } from '../broker-policy';
import type { HarnessRun } from '../harness-run';
import type { ClusterHarnessTemplate, HarnessTemplate } from '../harness-template';
import type { IHarnessTemplate } from '../harness-template-ref';
import { CoveredTemplate, coverageProblems } from './coverage';

/** What was added to a namespace of agents. */
export interface NamespaceContent {
  readonly policies: readonly BrokerPolicy[];
  readonly templates: readonly HarnessTemplate[];
  readonly runs: readonly HarnessRun[];
  /** Of the whole platform: a template of the namespace may shadow one of them. */
  readonly clusterTemplates: readonly ClusterHarnessTemplate[];
}

/** What the constructs of a namespace need from each other and do not get, one line each. */
export function uncovered({ policies, templates, runs, clusterTemplates }: NamespaceContent): string[] {
  const paths = new Map<IHarnessTemplate, string>(templates.map((template) => [template, template.node.path]));
  // A run may use a template that was not added here: one that another app makes.
  const used = new Set<IHarnessTemplate>([...templates, ...clusterTemplates, ...runs.map(({ _template }) => _template)]);
  return coverageProblems({
    policies: policies.map(({ policyName, _spec }) => ({ name: policyName, spec: _spec })),
    templates: [...used].map((template) => covered(template, paths.get(template))),
    runs: runs.map(({ runName, node, _spec, _template }) => ({
      name: runName, path: node.path, spec: _spec, templateName: _template.templateName, templateKind: _template.templateKind,
    })),
  }).map(({ subject, message }) => `${subject}: ${message}`);
}

function covered({ templateName, templateKind, _spec, _base }: IHarnessTemplate, path: string | undefined): CoveredTemplate {
  return { name: templateName, kind: templateKind, spec: _spec, base: _base?._spec, path };
}
