import type { HarnessTemplateSpec } from './protocol/resources';

/** Where a template lives. */
export enum TemplateKind {
  /** In a namespace, for the runs of that namespace. */
  NAMESPACED = 'HarnessTemplate',
  /** In the cluster, for all namespaces and as base of namespaced templates. */
  CLUSTER = 'ClusterHarnessTemplate',
}

/** A template of runs. `HarnessTemplate` and `ClusterHarnessTemplate` are two. */
export interface IHarnessTemplate {
  /** Name of the object. */
  readonly templateName: string;

  /** Kind of the object. */
  readonly templateKind: TemplateKind;

  /**
   * Namespace of the object, unknown for cluster templates and for templates made elsewhere.
   * @internal
   */
  readonly _namespaceName?: string;

  /**
   * What the object says, unknown for templates made elsewhere.
   * @internal
   */
  readonly _spec?: HarnessTemplateSpec;

  /**
   * The template that this one completes, when it has one.
   * @internal
   */
  readonly _base?: IHarnessTemplate;
}
