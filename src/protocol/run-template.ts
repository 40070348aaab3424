import type { TemplateIdentity, TemplateKind } from './policy';
import type { HarnessTemplateSpec } from './resources';
import { resolveTemplate } from './resources/template-defaults';

/** A template with its base merged in. */
export interface RunTemplate {
  readonly identity: TemplateIdentity;
  readonly spec: HarnessTemplateSpec;
}

/** What of a run says which template it has. */
export interface TemplateUser {
  readonly namespace: string;
  readonly templateRef: { readonly name: string; readonly kind?: string };
}

/** Templates by name. */
export interface TemplateSpecs {
  own(namespace: string, name: string): HarnessTemplateSpec | undefined;
  cluster(name: string): HarnessTemplateSpec | undefined;
}

/** The template a run names, with its base merged in: that of its namespace first, unless it says the kind. */
export function templateOf({ namespace, templateRef: { name, kind } }: TemplateUser, specs: TemplateSpecs): RunTemplate | undefined {
  const own = specs.own(namespace, name);
  const cluster = specs.cluster(name);
  if (own !== undefined && kind !== 'ClusterHarnessTemplate') return completed(name, own, cluster !== undefined, specs);
  if (cluster !== undefined && kind !== 'HarnessTemplate') return resolved(name, 'ClusterHarnessTemplate', cluster);
  return undefined;
}

function completed(name: string, own: HarnessTemplateSpec, shadows: boolean, specs: TemplateSpecs): RunTemplate | undefined {
  if (own.baseTemplateRef === undefined) return resolved(name, 'HarnessTemplate', own, shadows);
  const base = specs.cluster(own.baseTemplateRef.name);
  return base === undefined ? undefined : resolved(name, 'HarnessTemplate', resolveTemplate(own, base), shadows);
}

function resolved(name: string, kind: TemplateKind, spec: HarnessTemplateSpec, shadows = false): RunTemplate {
  const digest = spec.image?.split('@', 2)[1];
  return { identity: { name, kind, ...(digest === undefined ? {} : { imageDigest: digest }), ...(shadows ? { shadows } : {}) }, spec };
}
