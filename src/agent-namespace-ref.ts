import type { AllowedImages } from './manifests/allowed-images';
import type { CoveredRun, CoveredTemplate } from './private/covered';
import type { NamedPolicy } from './protocol/policy';

/** A namespace where agents run. `AgentNamespace` is one. */
export interface IAgentNamespace {
  /** Name of the Kubernetes namespace: a DNS label of at most 63 characters. */
  readonly namespaceName: string;

  /** Name of the platform whose parts act in the namespace. */
  readonly platformName: string;

  /**
   * Where images of its runs may come from, unknown for a platform of another app.
   * @internal
   */
  readonly _allowedImages?: AllowedImages;

  /**
   * Makes a policy known, so that the broker may read the Secrets it names.
   * @internal
   */
  _addPolicy(policy: NamedPolicy): void;

  /**
   * Makes a template known to the checks that span several objects.
   * @internal
   */
  _addTemplate(template: CoveredTemplate): void;

  /**
   * Makes a run and the template it uses known to the checks that span several objects.
   * @internal
   */
  _addRun(run: CoveredRun, template: CoveredTemplate): void;
}
