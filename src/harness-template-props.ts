import type { Duration } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-28';
import type { IAgentNamespace } from './agent-namespace-ref';
import type { IAgentPlatform } from './agent-platform-ref';
import type { IHarnessTemplate } from './harness-template-ref';
import type { ImagePullPolicy } from './image-pull-policy';
import type { InteractiveLimits } from './interactive-limits';
import type { TemplatePodOptions } from './template-pod-options';

/** A host that runs of a template must be able to reach. */
export interface EgressRequirement {
  /** Host name in lower case, such as `api.example.com`, or `*.example.com` for every name below `example.com`. */
  readonly host: string;

  /**
   * Ports, each from 1 to 65535.
   * @default - every port, so a policy must grant the host without naming ports
   */
  readonly ports?: number[];
}

/**
 * A container beside the agent, there before it and after it, with the same workspace, prompt and folder `/paddock`: for programs
 * that follow the files and sockets of the agent there. It gets no credentials, no token and no way out, and no part of the platform
 * reads what it writes. Of the paths that its variables name, such as `PADDOCK_EVENTS_PATH`, it makes the folders itself.
 */
export interface HarnessRuntime {
  /** Container image. */
  readonly image: string;

  /**
   * When a node pulls the image.
   * @default ImagePullPolicy.IF_NOT_PRESENT
   */
  readonly imagePullPolicy?: ImagePullPolicy;
}

/** How an agent takes more than one prompt. */
export enum InteractiveMode {
  /** A new process for each prompt. */
  PER_PROMPT_PROCESS = 'per-prompt-process',
  /** One process that reads prompts. */
  PERSISTENT_PROCESS = 'persistent-process',
}

/** Makes interactive runs of a template possible. The operator of this version refuses such runs. */
export interface InteractiveOptions {
  /**
   * How the agent takes prompts.
   * @default - that of the base template, else InteractiveMode.PER_PROMPT_PROCESS
   */
  readonly mode?: InteractiveMode;

  /**
   * When runs end by themselves.
   * @default - as the base template says, else the defaults of `InteractiveLimits`
   */
  readonly limits?: InteractiveLimits;

  /**
   * Events that the status of a run keeps, from 10 to 500.
   * @default - that of the base template, else 50
   */
  readonly maxRecentEvents?: number;
}

/** Where runs of a template have their files. */
export interface WorkspaceOptions {
  /**
   * Whether runs that name no workspace get one of their own, a volume that goes with the run; otherwise they have scratch space on the node.
   * @default true
   */
  readonly required?: boolean;

  /**
   * Absolute path of the workspace in the agent's container.
   * @default '/workspace'
   */
  readonly mountPath?: string;
}

/** What `HarnessTemplate` and `ClusterHarnessTemplate` have in common. */
export interface HarnessTemplateOptions {
  /**
   * Kind of agent, as a label of at most 63 characters, such as `claude-code`.
   * @default - none
   */
  readonly harness?: string;

  /**
   * Container image of the agent. Needed without a base template, refused with one.
   * @default - the image of the base template
   */
  readonly image?: string;

  /**
   * Program of the agent and first arguments. Needed without a base template, refused with one.
   * @default - the command of the base template
   */
  readonly command?: string[];

  /**
   * Further arguments. Refused with a base template.
   * @default - none, or those of the base template
   */
  readonly args?: string[];

  /**
   * Container beside the agent. Refused with a base template.
   * @default - none, or that of the base template
   */
  readonly runtime?: HarnessRuntime;

  /**
   * The workspace of runs. Refused with a base template.
   * @default - required, at /workspace, or as the base template says
   */
  readonly workspace?: WorkspaceOptions;

  /**
   * Model that runs use unless they say otherwise.
   * @default - that of the base template, else the agent decides
   */
  readonly model?: string;

  /**
   * Longest time of a batch run unless the run says otherwise; more than zero and at most 30 days, as its tokens live no longer.
   * @default - that of the base template, else Duration.minutes(30)
   */
  readonly timeout?: Duration;

  /**
   * CPU, memory and storage of the agent unless the run says otherwise. Together with `extendedResources` they replace those of a base template.
   * @default - those of the base template; what nobody says is 250m to 2 CPU, 512 MiB to 4 GiB of memory, 10 GiB of ephemeral storage
   */
  readonly resources?: ContainerResources;

  /**
   * Whole numbers, 0 to 64, of extended resources of the agent such as `nvidia.com/gpu`, unless the run says otherwise.
   * @default - those of the base template, else none
   */
  readonly extendedResources?: Record<string, number>;

  /**
   * Time between the request to stop and the end of the process: whole seconds from 0 to 300, of which 0 counts as 1.
   * @default - that of the base template, else Duration.seconds(60), for interactive runs Duration.seconds(300)
   */
  readonly terminationGracePeriod?: Duration;

  /**
   * Names of credentials that runs need; the surrogate of each is an environment variable of that name.
   * With a base template they add to its own.
   * @default - none
   */
  readonly credentials?: string[];

  /**
   * Hosts that runs need. With a base template they add to its own.
   * @default - none
   */
  readonly egress?: EgressRequirement[];

  /**
   * User, placement, scratch space and shared directories of the pods of runs. With a base template, each replaces what that says.
   * @default - as the base template says, else the defaults of `TemplatePodOptions`
   */
  readonly pod?: TemplatePodOptions;

  /**
   * Makes interactive runs possible.
   * @default - as the base template says, else batch runs only
   */
  readonly interactive?: InteractiveOptions;
}

/** Properties of `HarnessTemplate`. */
export interface HarnessTemplateProps extends HarnessTemplateOptions {
  /** Namespace whose runs may use the template. */
  readonly namespace: IAgentNamespace;

  /**
   * Name of the object: a DNS name of at most 63 characters.
   * @default - the construct id
   */
  readonly name?: string;

  /**
   * Cluster template that this one completes.
   * @default - none: the template stands on its own
   */
  readonly baseTemplate?: IHarnessTemplate;
}

/** Properties of `ClusterHarnessTemplate`. */
export interface ClusterHarnessTemplateProps extends HarnessTemplateOptions {
  /** Platform that the template belongs to. */
  readonly platform: IAgentPlatform;

  /**
   * Name of the object: a DNS name of at most 63 characters.
   * @default - the construct id
   */
  readonly name?: string;
}
