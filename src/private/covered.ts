import type { Seed } from '../manifests/seed';
import type { NamedPolicy, TemplateKind } from '../protocol/policy';
import type { HarnessRunSpec, HarnessTemplateSpec } from '../protocol/resources';

/** What one namespace holds. Every object may carry the path of its construct, for messages. */
export interface Coverage {
  readonly policies: readonly NamedPolicy[];
  /** Templates of the namespace, and every cluster template that its runs use. */
  readonly templates: readonly CoveredTemplate[];
  readonly runs: readonly CoveredRun[];
}

export interface CoveredTemplate {
  readonly name: string;
  readonly kind: TemplateKind;
  /** Absent: made outside this app, so what it needs is unknown. */
  readonly spec?: HarnessTemplateSpec;
  /** The cluster template that it completes; absent also when that is made outside this app. */
  readonly base?: HarnessTemplateSpec;
  readonly path?: string;
}

export interface CoveredRun {
  readonly name: string;
  readonly templateName: string;
  readonly templateKind: TemplateKind;
  readonly spec: HarnessRunSpec;
  /** What the Workspace of the run is cloned from; absent: from nothing, or it is made outside this app. */
  readonly seed?: Seed;
  readonly path?: string;
}
