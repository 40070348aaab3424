import type { Duration } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-28';
import type { IAgentNamespace } from './agent-namespace-ref';
import type { IHarnessTemplate } from './harness-template-ref';
import type { RunMode } from './run-mode';
import type { RunPrompt } from './run-prompt';
import type { IWorkspace } from './workspace';

/** Properties of `HarnessRun`. */
export interface HarnessRunProps {
  /** Namespace where the run takes place. */
  readonly namespace: IAgentNamespace;

  /**
   * Name of the object: a DNS name of at most 63 characters, without `workspace` at most 55.
   * @default - the construct id
   */
  readonly name?: string;

  /** What is run: a template of the same namespace or of the cluster. */
  readonly template: IHarnessTemplate;

  /** What the agent is asked to do. */
  readonly prompt: RunPrompt;

  /**
   * Workspace that keeps the files of the run, in the same namespace. Runs of one workspace take turns.
   * @default - one of its own that goes with the run, 1 GiB unless the operator is told otherwise; scratch space when the template requires no workspace
   */
  readonly workspace?: IWorkspace;

  /**
   * Batch or interactive. The operator of this version ends an interactive run at once, as Failed with the reason `InteractiveUnsupported`.
   * @default RunMode.batch()
   */
  readonly mode?: RunMode;

  /**
   * Longest time of a batch run over all its attempts, more than zero and at most 30 days. It counts from `status.startTime`. Refused for interactive runs, which end by `maxLifetime`.
   * @default - the timeout of the template
   */
  readonly timeout?: Duration;

  /**
   * How often a failed agent is started again, from 0 to 10.
   * @default 0
   */
  readonly retries?: number;

  /**
   * CPU, memory and storage of the agent. Together with `extendedResources` they replace those of the template.
   * @default - those of the template
   */
  readonly resources?: ContainerResources;

  /**
   * Whole numbers, 0 to 64, of extended resources of the agent such as `nvidia.com/gpu`. Only those that the template names.
   * @default - those of the template; none when `resources` is set
   */
  readonly extendedResources?: Record<string, number>;

  /**
   * Environment variables of the agent. Names that the platform sets itself are refused.
   * Everyone who may read the run can read them: credentials belong into a BrokerPolicy.
   * @default - none
   */
  readonly extraEnv?: Record<string, string>;

  /**
   * Model that the agent uses.
   * @default - the model of the template
   */
  readonly model?: string;

  /**
   * Time after which a finished run is deleted: whole seconds, zero or more.
   * @default - that of the platform's `runs.ttlAfterFinished`; without that, the run is kept
   */
  readonly ttlAfterFinished?: Duration;
}
