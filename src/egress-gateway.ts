import { ApiObject, Lazy, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { EgressOptions } from './egress-options';
import { configMap, emptySecret, serviceAccount } from './manifests/config';
import { egressPod } from './manifests/egress-pod';
import { kept, ObjectId } from './manifests/manifest';
import { Endpoint } from './manifests/network-policy';
import { Account, policyRules, rightsOf, roleAndBinding } from './manifests/rbac';
import { deployment, podDisruptionBudget, podTemplate, service, WorkloadId } from './manifests/workload';
import { addManifest } from './private/api-objects';
import { configured } from './private/configured';
import { destinationsFile, egressLimitSettings, egressProblems } from './private/egress-checks';
import { EgressContext } from './private/part-context';
import { requirements } from './private/quantities';
import { refuse } from './private/validation';
import { DESTINATIONS_KEY, OBJECTS } from './protocol/objects';

/**
 * The only way out of agents and workers: an HTTP proxy that asks the broker about every connection, resolves the names
 * itself, and puts credentials into requests where the broker says so. `AgentPlatform` makes one.
 */
export class EgressGateway extends Construct {
  /** @internal */
  public static _in(scope: Construct, id: string, context: EgressContext, options: EgressOptions): EgressGateway {
    return new EgressGateway(scope, id, context, options);
  }

  /** @internal */
  public readonly _account: Account;

  /** @internal */
  public readonly _endpoint: Endpoint;

  private readonly id: WorkloadId;
  private readonly agentNamespaces: string[] = [];
  private readonly granted: (() => number[])[] = [];

  private constructor(scope: Construct, id: string, context: EgressContext, options: EgressOptions) {
    super(scope, id);
    refuse(this, egressProblems(options));
    const { platformName: namespace } = context;
    this.id = { platform: namespace, part: 'egress', role: 'egress', name: OBJECTS.egress, namespace };
    this._account = { namespace, name: OBJECTS.egress };
    this._endpoint = { role: 'egress', namespace };

    addManifest(this, 'ServiceAccount', serviceAccount(this.id));
    this.addRoleAndBinding(this, this.id, policyRules(rightsOf('egress', 'system')));
    addManifest(this, 'Ca', emptySecret(this.named(OBJECTS.egressCa)));
    const { clusterIp } = options;
    // Agents know its address: another one of the same name would not be found by those that run.
    addManifest(this, 'Service', kept(service(this.id, ['egress-proxy', 'egress-base-url', 'egress-fence'], clusterIp === undefined ? {} : { clusterIP: clusterIp })));
    const replicas = options.replicas ?? 2;
    if (replicas > 1) addManifest(this, 'DisruptionBudget', podDisruptionBudget(this.id));
    this.addWorkload(replicas, context, options);
  }

  /**
   * Lets the proxy tell the agents of a namespace where it is and whom to trust.
   *
   * @param scope Where the objects of the namespace are added.
   * @param namespace Name of the namespace.
   * @param grantedPorts Ports that the namespace's policies name, asked at synth.
   * @internal
   */
  public _serve(scope: Construct, namespace: string, grantedPorts: () => number[]): void {
    const { platform } = this.id;
    this.granted.push(grantedPorts);
    this.agentNamespaces.push(namespace);
    const rules = policyRules(rightsOf('egress', 'run-namespace'));
    this.addRoleAndBinding(scope, { platform, part: 'egress', name: `${platform}-${OBJECTS.egress}`, namespace }, rules);
  }

  /**
   * Ports that policies name so far.
   *
   * @internal
   */
  public get _grantedPorts(): readonly number[] {
    return this.granted.flatMap((ports) => ports());
  }

  private addWorkload(replicas: number, context: EgressContext, options: EgressOptions): ApiObject {
    const { upstreamCa, upstreamProxy } = options;
    const destinations = destinationsFile(options);
    if (destinations !== undefined) addManifest(this, 'Destinations', configMap(this.named(OBJECTS.egressDestinations), { [DESTINATIONS_KEY]: destinations }));
    const pod = egressPod(this.id, {
      image: context.image.reference,
      pinned: context.image.pinned,
      resources: requirements(options.resources ?? DEFAULT_RESOURCES),
      placement: context.placement,
      broker: context.broker,
      agentNamespaces: Lazy.any({ produce: () => [...this.agentNamespaces].sort().join(',') }) as string,
      hasDestinations: destinations !== undefined,
      // Field by field: an object with more members, which the compiler lets pass, must not reach the pod.
      upstreamCa: upstreamCa && { name: upstreamCa.name, key: upstreamCa.key },
      upstreamProxy: upstreamProxy && { url: upstreamProxy.url, credentials: upstreamProxy.credentials },
      inspectAlways: options.inspectAlways ?? false,
      limits: egressLimitSettings(options.limits),
    });
    const template = podTemplate(this.id, pod);
    // The server reads its destinations once.
    const told = destinations === undefined ? template : configured(template, destinations);
    return addManifest(this, 'Resource', deployment(this.id, { replicas, template: told }));
  }

  private named(name: string): ObjectId {
    const { platform, part, namespace } = this.id;
    return { platform, part, name, namespace };
  }

  private addRoleAndBinding(scope: Construct, id: ObjectId, rules: unknown): void {
    for (const manifest of roleAndBinding(id, rules, this._account)) {
      addManifest(scope, scope === this ? manifest.kind : `Egress${manifest.kind}`, manifest);
    }
  }
}

const DEFAULT_RESOURCES: ContainerResources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(512) },
};
