import { Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { AgentNamespace, AgentNamespaceOptions } from './agent-namespace';
import { IAgentPlatform } from './agent-platform-ref';
import { BrokerOptions } from './broker-options';
import { CredentialBroker } from './credential-broker';
import { CustomResourceDefinitions } from './custom-resource-definitions';
import { EgressGateway } from './egress-gateway';
import { EgressOptions } from './egress-options';
import { admissionPolicies } from './manifests/admission';
import { AllowedImages } from './manifests/allowed-images';
import { POD_SECURITY_VERSION, restrictedNamespace } from './manifests/config';
import { OLDEST_MINOR } from './manifests/pod-security/versions';
import { NetworkBoundary, NetworkBoundaryOptions } from './network-boundary';
import { Placement } from './placement';
import { addManifest } from './private/api-objects';
import { claimNamespace } from './private/claims';
import type { CoveredTemplate } from './private/covered';
import { addEgress } from './private/egress';
import { emittedObjects } from './private/emitted-objects';
import { claimedRoleProblems, namespaceProblems, secondNetworkProblems, takenNameProblems } from './private/foreign-objects';
import { withOwnCallers } from './private/own-callers';
import { PlatformContext } from './private/platform-context';
import { podSecurityProblems } from './private/pod-security-validation';
import { addRuns } from './private/runs';
import { addSessions } from './private/sessions';
import { dnsLabelProblem, problems, refuse, ValidationError } from './private/validation';
import { MAX_PLATFORM_NAME } from './protocol/limits';
import { RunOperator } from './run-operator';
import { RunOptions } from './run-options';
import { SessionController } from './session-controller';
import { SessionGateway } from './session-gateway';
import { SessionOptions } from './session-options';
import { SidecarImage } from './sidecar-image';

/** Who owns the CustomResourceDefinitions of `paddock.dev`. */
export enum DefinitionsOwner {
  /** This app: the definitions are part of its output. */
  THIS_APP = 'this-app',
  /** Something else, such as a paddock installation or another app: nothing is emitted. */
  EXTERNAL = 'external',
}

/** Properties of `AgentPlatform`. */
export interface AgentPlatformProps extends NetworkBoundaryOptions {
  /** Image of the platform's servers. */
  readonly image: SidecarImage;

  /**
   * Namespace of the platform's own parts: an RFC 1123 label of at most 40 characters.
   * It is the platform's name too: a prefix of cluster-scoped objects and the value of
   * the label that marks the platform's namespaces.
   *
   * @default 'agent-platform'
   */
  readonly namespace?: string;

  /**
   * Whether the Namespace object of the platform is made here.
   *
   * @default true
   */
  readonly createNamespace?: boolean;

  /**
   * Version of the Pod Security rules that the platform's namespaces are pinned to,
   * such as `v1.30`, or `latest`. See https://kubernetes.io/docs/concepts/security/pod-security-admission/
   *
   * @default 'v1.30'
   */
  readonly podSecurityVersion?: string;

  /**
   * Whether every pod that anybody makes in the platform's namespaces must be as
   * hardened as the platform's own, beyond the `restricted` standard: a read-only root
   * file system, no mounted API token by default, each field stated in each container.
   * Service meshes that inject containers without these fields need `false`.
   *
   * @default true
   */
  readonly requireHardenedPods?: boolean;

  /**
   * Who owns the custom resource definitions.
   *
   * @default DefinitionsOwner.THIS_APP
   */
  readonly definitions?: DefinitionsOwner;

  /**
   * The credential broker.
   *
   * @default - two replicas with a certificate of their own and a volume claim each
   */
  readonly broker?: BrokerOptions;

  /**
   * The egress proxy: the only way out of agents and workers.
   *
   * @default - two replicas that lead to the public internet where policies say so; none with `BrokerCatalog.directory`
   */
  readonly egress?: EgressOptions;

  /**
   * Sessions: their controller, gateway and store.
   *
   * @default - two controllers, a gateway that grows with its load and a Valkey with a volume claim
   */
  readonly sessions?: SessionOptions;

  /**
   * Runs: HarnessRuns that become pods.
   *
   * @default - an operator of two replicas, where there is an egress proxy
   */
  readonly runs?: RunOptions;

  /**
   * Where the platform's own pods may run. Worker pools have a placement of their own.
   *
   * @default - anywhere
   */
  readonly placement?: Placement;
}

/**
 * A hardened deployment for AI agents: restricted pods, default-deny NetworkPolicies on
 * both ends of every flow, least rights, and bearers in place of credentials.
 */
export class AgentPlatform extends Construct implements IAgentPlatform {
  /** Name of the platform, and of the namespace of its own parts. */
  public readonly platformName: string;

  /** The credential broker. */
  public readonly broker: CredentialBroker;

  /** The way out of agents and workers; missing where there is none. */
  public readonly egress?: EgressGateway;

  /** What turns runs into pods; missing where there are no runs. */
  public readonly operator?: RunOperator;

  /** The controller of sessions; missing where there are none. */
  public readonly controller?: SessionController;

  /** What clients of sessions reach; missing where there are none. */
  public readonly gateway?: SessionGateway;

  /** What may talk to what. */
  public readonly boundary: NetworkBoundary;

  /** @internal */
  public readonly _image: SidecarImage;

  /** @internal */
  public readonly _allowedImages?: AllowedImages;

  private readonly namespaces: Construct;
  private readonly clusterTemplates: CoveredTemplate[] = [];
  private readonly context: PlatformContext;

  constructor(scope: Construct, id: string, props: AgentPlatformProps) {
    super(scope, id);
    const name = props.namespace ?? 'agent-platform';
    const podSecurityVersion = props.podSecurityVersion ?? POD_SECURITY_VERSION;
    refuse(this, problems(dnsLabelProblem('namespace', name, MAX_PLATFORM_NAME), clusterNamespaceProblem(name), podSecurityVersionProblem(podSecurityVersion)));
    claimNamespace(this, name);
    this.platformName = name;
    this._image = props.image;

    if ((props.definitions ?? DefinitionsOwner.THIS_APP) === DefinitionsOwner.THIS_APP) {
      CustomResourceDefinitions._once(this, 'definitions', name);
    }
    // First in the tree, because output follows it and everything else is put into a namespace.
    this.namespaces = new Construct(this, 'namespaces');
    if (props.createNamespace ?? true) {
      addManifest(this.namespaces, 'system', restrictedNamespace({ platform: name, part: 'namespaces', name }, podSecurityVersion));
    }
    this.boundary = new NetworkBoundary(this, 'network', { ...props, platform: name });
    this.boundary._addNamespace(name);
    const { image, placement, sessions: options = {} } = props;
    this.broker = new CredentialBroker(this, 'broker', { ...withOwnCallers(name, props), platformName: name, namespace: name, image, placement });
    this.boundary._addEndpoint(this.broker._endpoint);
    if (this.broker._retentionEndpoint !== undefined) this.boundary._addEndpoint(this.broker._retentionEndpoint);
    const access = { url: this.broker.url, tlsSecret: props.broker?.tls?.secretName };
    const part = { platformName: name, image, placement, boundary: this.boundary };
    this.egress = addEgress(this, { ...part, broker: access }, props);
    this.operator = addRuns(this, { ...part, broker: access, podSecurityVersion }, props);
    this._allowedImages = this.operator?._admission;
    const sessions = addSessions(this, { ...part, broker: this.broker._endpoint.usesApi ? access : undefined }, options);
    this.controller = sessions?.controller;
    this.gateway = sessions?.gateway;
    this.node.addValidation({ validate: () => this.problemsOfPods(podSecurityVersion) });
    const namespaces = Lazy.any({ produce: () => this.boundary._namespaceNames });
    const hardenedPods = props.requireHardenedPods ?? true;
    const accounts = { broker: this.broker._account, controller: this.controller?._account, egress: this.egress?._account };
    for (const manifest of admissionPolicies({ platform: name, ...accounts, operator: this.operator?._admission, namespaces, hardenedPods })) {
      addManifest(this, `${manifest.kind}-${manifest.metadata.name}`, manifest);
    }
    const { broker, boundary, controller, egress, operator, clusterTemplates } = this;
    this.context = { platformName: name, podSecurityVersion, sidecar: image, broker, controller, egress, operator, boundary, clusterTemplates };
  }

  /**
   * Adds a namespace where agents and workers run.
   *
   * @param name Name of the Kubernetes namespace: an RFC 1123 label of at most 63 characters.
   * @param options What can be chosen about it.
   */
  public addNamespace(name: string, options: AgentNamespaceOptions = {}): AgentNamespace {
    if (name === this.platformName) {
      throw new ValidationError(this, `namespace '${name}' holds the platform's own parts; agents need one of their own`);
    }
    refuse(this, problems(dnsLabelProblem('namespace', name), clusterNamespaceProblem(name)));
    claimNamespace(this, name);
    return AgentNamespace._in(this.namespaces, name, this.context, options);
  }

  /** What anybody in the app puts into the namespaces. */
  private problemsOfPods(podSecurityVersion: string): string[] {
    const emitted = emittedObjects(this);
    const namespaces = this.boundary._namespaceNames;
    return [
      ...podSecurityProblems(emitted, namespaces, podSecurityVersion),
      ...claimedRoleProblems(emitted, namespaces),
      ...secondNetworkProblems(emitted, namespaces),
      ...namespaceProblems(emitted, namespaces),
      ...takenNameProblems(emitted, namespaces),
    ];
  }

  /** @internal */
  public _addClusterTemplate(template: CoveredTemplate): void {
    this.clusterTemplates.push(template);
  }
}

function podSecurityVersionProblem(version: string): string | undefined {
  if (version === 'latest' || Number(/^v1\.([1-9]\d{1,2})$/.exec(version)?.[1]) >= OLDEST_MINOR) return undefined;
  return `podSecurityVersion must be 'latest' or 'v1.${OLDEST_MINOR}' and newer, such as 'v1.30', got '${version}'`;
}

/** A platform closes its namespaces for every pod in them. In one of the cluster's own that would stop the cluster, or whoever forgot to name one. */
function clusterNamespaceProblem(name: string): string | undefined {
  if (name === 'default') return "namespace must not be 'default', where all is put that names no namespace";
  return name.startsWith('kube-') ? `namespace must not begin with 'kube-', which is the cluster's own, got '${name}'` : undefined;
}
