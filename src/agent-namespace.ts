import { Construct } from 'constructs';
import { IAgentNamespace } from './agent-namespace-ref';
import { AllowedImages } from './manifests/allowed-images';
import { emptyConfigMap, restrictedNamespace } from './manifests/config';
import { Endpoint } from './manifests/network-policy';
import { objectQuota } from './manifests/object-quota';
import { ObjectQuota } from './object-quota';
import { addManifest } from './private/api-objects';
import type { CoveredRun, CoveredTemplate } from './private/covered';
import { NamespaceContent } from './private/namespace-content';
import { objectCounts, objectQuotaProblems } from './private/object-quota';
import { PlatformContext } from './private/platform-context';
import { grantedPullSecretProblems, pullSecretProblems } from './private/pull-secrets';
import { objectNameProblem, problems, refuse, ValidationError } from './private/validation';
import { OBJECTS } from './protocol/objects';
import type { NamedPolicy } from './protocol/policy';
import { PoolEntry } from './protocol/session-pools';
import { SidecarImage } from './sidecar-image';

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
   * Secrets that policies outside this app name. The broker may read them as well, and the operator gives them to no pod.
   *
   * @default - only the Secrets that the policies of this app name
   */
  readonly additionalSecrets?: string[];

  /**
   * Names of Secrets of the namespace with credentials of registries. Pods of runs and of pools get them besides those that their
   * template or pool names: the platform's own image is in each of them too, and may be in a registry that wants to know who asks.
   * They are put into the pods, because Kubernetes gives those of a ServiceAccount only to pods that name none themselves.
   * The Secrets are not made here. At most 16, and no policy may take a credential from one of them, where there are runs.
   *
   * Who may write templates in the namespace can run every image that these Secrets reach. So give one that reaches the platform's
   * image only, or set `runs.allowedRegistries` of the platform.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * Whether policies and templates of the namespace are also managed outside this app.
   * Then synth cannot know whether a requirement is granted, and does not check it.
   *
   * @default false
   */
  readonly managedElsewhere?: boolean;

  /**
   * How many runs, templates, workspaces and policies there may be; `{}` for the usual numbers. Refused where the platform has
   * no runs.
   *
   * @default - no limit: whoever may make very many can so hold up the runs of all namespaces
   */
  readonly objectQuota?: ObjectQuota;
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

  /** @internal */
  public readonly _hasSessions: boolean;

  /**
   * Whether there is a way out.
   *
   * @internal
   */
  public readonly _hasEgress: boolean;

  /** @internal */
  public readonly _allowedImages?: AllowedImages;

  /**
   * Secrets with which images of its pods are fetched.
   *
   * @internal
   */
  public readonly _imagePullSecrets: readonly string[];

  private readonly content = new NamespaceContent();
  private readonly poolNames = new Set<string>();

  private constructor(scope: Construct, name: string, private readonly context: PlatformContext, options: AgentNamespaceOptions) {
    super(scope, `agents-${name}`);
    this.namespaceName = name;
    this.platformName = context.platformName;
    this._sidecar = context.sidecar;
    this._hasSessions = context.controller !== undefined;
    this._hasEgress = context.egress !== undefined;
    this._allowedImages = context.operator?._admission;
    this._imagePullSecrets = [...options.imagePullSecrets ?? []];

    refuse(this, [
      ...problems(...(options.additionalSecrets ?? []).map((secret) => objectNameProblem('additionalSecrets', secret))),
      ...pullSecretProblems(this._imagePullSecrets),
      ...objectQuotaProblems(options.objectQuota, context.operator !== undefined),
    ]);
    if (options.create ?? true) {
      const id = { platform: context.platformName, part: 'namespaces', name } as const;
      addManifest(this, 'Resource', restrictedNamespace(id, context.podSecurityVersion));
    }
    addManifest(this, 'Trust', emptyConfigMap({ platform: context.platformName, part: 'namespaces', name: OBJECTS.agentTrust, namespace: name }));
    context.boundary._addNamespace(name);
    const secretNames = () => this.content.secretNames(options.additionalSecrets ?? []);
    context.broker._serve(this, name, secretNames);
    context.egress?._serve(this, name, () => this.content.grantedPorts());
    if (context.operator !== undefined) {
      context.operator._serve(this, name, { secretNames, imagePullSecrets: this._imagePullSecrets });
      this.node.addValidation({ validate: () => grantedPullSecretProblems(this._imagePullSecrets, secretNames()) });
      this.node.addValidation({ validate: () => this.content.pullSecretProblems(secretNames()) });
      context.boundary._addEndpoint({ role: 'agent', namespace: name, imagePullSecrets: this._imagePullSecrets });
    }
    if (options.objectQuota !== undefined) {
      const id = { platform: context.platformName, part: 'namespaces', name: OBJECTS.agentQuota, namespace: name } as const;
      addManifest(this, 'Quota', objectQuota(id, objectCounts(options.objectQuota)));
    }
    if (!(options.managedElsewhere ?? false)) {
      this.node.addValidation({ validate: () => this.content.problems(context.clusterTemplates) });
    }
  }

  /** @internal */
  public _addPolicy(policy: NamedPolicy): void {
    this.content.addPolicy(policy);
  }

  /** @internal */
  public _addTemplate(template: CoveredTemplate): void {
    this.content.addTemplate(template);
  }

  /** @internal */
  public _addRun(run: CoveredRun, template: CoveredTemplate): void {
    this.content.addRun(run, template);
  }

  /**
   * @param entry What the controller of sessions is told of a pool whose workers can be claimed.
   * @internal
   */
  public _addPool(pool: Construct, name: string, endpoint: Endpoint, entry?: PoolEntry): void {
    if (this.poolNames.has(name)) {
      throw new ValidationError(pool, `name '${name}' is taken by another pool of namespace '${this.namespaceName}'`);
    }
    this.poolNames.add(name);
    this.context.boundary._addEndpoint({ ...endpoint, imagePullSecrets: this._imagePullSecrets });
    if (entry !== undefined) this.context.controller?._serve(this, pool, entry);
  }
}

function ignore(): void {}
