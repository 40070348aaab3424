import type { BrokerPolicy } from './broker-policy';
import type { HarnessRun } from './harness-run';
import type { HarnessTemplate } from './harness-template';

/** A namespace where agents run. `AgentNamespace` is one. */
export interface IAgentNamespace {
  /** Name of the Kubernetes namespace: a DNS label of at most 63 characters. */
  readonly namespaceName: string;

  /** Name of the platform whose parts act in the namespace. */
  readonly platformName: string;

  /**
   * Makes the policy known, so that the broker may read the Secrets it names.
   * @internal
   */
  _addPolicy(policy: BrokerPolicy): void;

  /**
   * Makes the template known to the checks that span several objects.
   * @internal
   */
  _addTemplate(template: HarnessTemplate): void;

  /**
   * Makes the run known to the checks that span several objects.
   * @internal
   */
  _addRun(run: HarnessRun): void;
}
