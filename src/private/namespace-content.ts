import { coverageProblems } from './coverage';
import type { CoveredRun, CoveredTemplate } from './covered';
import { grantedPullSecretProblems } from './pull-secrets';
import type { NamedPolicy } from '../protocol/policy';
import { secretNames } from '../protocol/policy';
import { resolveTemplate } from '../protocol/resources/template-defaults';

/** In a list of ports it stands for all of them, of which the network lets out what others name. */
const EVERY_PORT = 0;

/** What was added to a namespace of agents, for the checks and rights that span several objects. */
export class NamespaceContent {
  private readonly policies: NamedPolicy[] = [];
  private readonly runs: CoveredRun[] = [];
  private readonly templates = new Map<string, CoveredTemplate>();

  public addPolicy(policy: NamedPolicy): void {
    this.policies.push(policy);
  }

  public addTemplate(template: CoveredTemplate): void {
    this.templates.set(key(template), template);
  }

  /** A run may use a template that was not added: a cluster template, or one that another app makes. */
  public addRun(run: CoveredRun, template: CoveredTemplate): void {
    this.runs.push(run);
    if (!this.templates.has(key(template))) this.addTemplate(template);
  }

  /** The Secrets that the policies name and others, each once. */
  public secretNames(others: readonly string[]): string[] {
    return [...new Set([...this.policies.flatMap(({ spec }) => secretNames(spec)), ...others])].sort();
  }

  /** Templates whose pods get Secrets for images from which credentials are taken. `granted` are all Secrets of that kind. */
  public pullSecretProblems(granted: readonly string[]): string[] {
    return [...this.templates.values()].flatMap(({ kind, name, path, spec = {}, base }) => {
      const { imagePullSecrets = [] } = resolveTemplate(spec, base).pod ?? {};
      return grantedPullSecretProblems(imagePullSecrets.map((secret) => secret.name), granted).map((problem) => `${path ?? `${kind} '${name}'`}: ${problem}`);
    });
  }

  /** Ports that the policies let runs connect to by number. */
  public grantedPorts(): number[] {
    const grants = this.policies.flatMap(({ spec }) => spec.grants.egress ?? []);
    return grants.flatMap(({ ports = [] }) => ports).filter((port) => port !== EVERY_PORT);
  }

  /** What the objects need from each other and do not get, one line each. `clusterTemplates` may be shadowed by templates of the namespace. */
  public problems(clusterTemplates: readonly CoveredTemplate[]): string[] {
    const templates = new Map([...clusterTemplates.map((template) => [key(template), template] as const), ...this.templates]);
    return coverageProblems({ policies: this.policies, templates: [...templates.values()], runs: this.runs })
      .map(({ subject, message }) => `${subject}: ${message}`);
  }
}

function key({ kind, name }: CoveredTemplate): string {
  return `${kind}/${name}`;
}
