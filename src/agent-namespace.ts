import { Construct } from 'constructs';
import { IAgentNamespace } from './agent-namespace-ref';
import type { BrokerPolicy } from './broker-policy';
import type { HarnessRun } from './harness-run';
import type { HarnessTemplate } from './harness-template';
import { restrictedNamespace } from './manifests/config';
import { addManifest } from './private/api-objects';
import { PlatformContext } from './private/context';
import { uncovered } from './private/namespace-coverage';
import { ValidationError } from './private/validation';
import { secretNames } from './protocol/policy';
import { SidecarImage } from './sidecar-image';
import type { WorkerPool } from './worker-pool';

/** What can be chosen about a namespace of agents. */
export interface AgentNamespaceOptions {
  /**
   * Whether the Namespace object is made here. If not, whoever makes it must set the
   * labels `pod-security.kubernetes.io/enforce: restricted` and
   * `cdk8s-agent-platform/platform: <platform name>`.
   *
   * @default true
   */
  readonly create?: boolean;

  /**
   * Secrets that policies outside this app name. The broker may read them as well.
   *
   * @default - only the Secrets that the policies of this app name
   */
  readonly additionalSecrets?: string[];

  /**
   * Whether policies and templates of the namespace are also managed outside this app.
   * Then synth cannot know whether a requirement is granted, and does not check it.
   *
   * @default false
   */
  readonly managedElsewhere?: boolean;
}

/** A namespace where agents and workers run. `AgentPlatform.addNamespace` makes one. */
export class AgentNamespace extends Construct implements IAgentNamespace {
  /**
   * A namespace that another app of the same platform made, for policies, templates and
   * runs in an app of their own. Checks that span several objects are left to the cluster.
   *
   * @param platformName Name of the platform.
   * @param namespaceName Name of the Kubernetes namespace.
   */
  public static fromName(platformName: string, namespaceName: string): IAgentNamespace {
    return { platformName, namespaceName, _addPolicy: ignore, _addTemplate: ignore, _addRun: ignore };
  }

  /** @internal */
  public static _in(scope: Construct, name: string, context: PlatformContext, options: AgentNamespaceOptions): AgentNamespace {
    return new AgentNamespace(scope, name, context, options);
  }

  public readonly namespaceName: string;
  public readonly platformName: string;

  /** @internal */
  public readonly _sidecar: SidecarImage;

  private readonly content = { policies: [] as BrokerPolicy[], templates: [] as HarnessTemplate[], runs: [] as HarnessRun[] };
  private readonly poolNames = new Set<string>();

  private constructor(scope: Construct, name: string, private readonly context: PlatformContext, options: AgentNamespaceOptions) {
    super(scope, `agents-${name}`);
    this.namespaceName = name;
    this.platformName = context.platformName;
    this._sidecar = context.sidecar;

    if (options.create ?? true) {
      const id = { platform: context.platformName, part: 'namespaces', name } as const;
      addManifest(this, 'Resource', restrictedNamespace(id, context.podSecurityVersion));
    }
    context.boundary._addNamespace(name);
    context.broker._serve(this, name, () => this.providerSecrets(options.additionalSecrets ?? []));
    if (!(options.managedElsewhere ?? false)) {
      this.node.addValidation({ validate: () => uncovered({ ...this.content, clusterTemplates: context.clusterTemplates }) });
    }
  }

  /** @internal */
  public _addPolicy(policy: BrokerPolicy): void {
    this.content.policies.push(policy);
  }

  /** @internal */
  public _addTemplate(template: HarnessTemplate): void {
    this.content.templates.push(template);
  }

  /** @internal */
  public _addRun(run: HarnessRun): void {
    this.content.runs.push(run);
  }

  /** @internal */
  public _addPool(pool: WorkerPool): void {
    if (this.poolNames.has(pool.poolName)) {
      throw new ValidationError(pool, `name '${pool.poolName}' is taken by another pool of namespace '${this.namespaceName}'`);
    }
    this.poolNames.add(pool.poolName);
    this.context.boundary._addEndpoint(pool._endpoint);
  }

  private providerSecrets(additional: readonly string[]): string[] {
    return [...new Set([...this.content.policies.flatMap((policy) => secretNames(policy._spec)), ...additional])].sort();
  }
}

function ignore(): void {}
