import type { AllowedImages } from './manifests/allowed-images';
import type { CoveredTemplate } from './private/covered';

/** The platform that an object belongs to. `AgentPlatform` is one. */
export interface IAgentPlatform {
  /** Name of the platform, the value of the `cdk8s-agent-platform/platform` label: a DNS label of at most 63 characters. */
  readonly platformName: string;

  /**
   * Where images of its runs may come from, unknown for a platform of another app.
   * @internal
   */
  readonly _allowedImages?: AllowedImages;

  /**
   * Makes the template known to the checks that span several objects. Without it, as for
   * a platform of another app, those checks are left to the cluster.
   * @internal
   */
  _addClusterTemplate?(template: CoveredTemplate): void;
}
