import { createHash } from 'node:crypto';
import { Duration, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { AgentPlatform } from './agent-platform';
import { cidrProblem } from './manifests/cidr';
import { serviceAccount } from './manifests/config';
import { probeConfigMap, probeJob, probeService } from './manifests/denial-probe';
import { Endpoint, probePolicyFor } from './manifests/network-policy';
import { withPullSecrets } from './manifests/pod';
import { endpointKey, probeAddresses, probeConfig, ProbePlan, subjectsOf } from './manifests/probe-edges';
import { serviceAddressCount, serviceNetworkProblem } from './manifests/service-addresses';
import { Placement } from './placement';
import { addManifest } from './private/api-objects';
import { placementProblems } from './private/placement-checks';
import { integerProblem, problems, refuse } from './private/validation';
import { PROBE_START_SECONDS } from './protocol/limits';
import { OBJECTS } from './protocol/objects';

/** Properties of `DenialProbe`. */
export interface DenialProbeProps {
  /** The platform whose network is tried. It has at most one probe. */
  readonly platform: AgentPlatform;

  /**
   * Network of the cluster's Services, such as `10.96.0.0/16`: the value of the API
   * server's `--service-cluster-ip-range`, or what `kubectl get servicecidrs` shows.
   * IPv4 from /12 to /27, or IPv6 from /64 to /123. The listeners get fixed addresses in
   * the part of it that Kubernetes does not hand out by itself.
   *
   * @see https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
   */
  readonly serviceCidr: string;

  /**
   * How many addresses at the end of that part to leave alone, because other Services
   * have fixed addresses there: 0 to 200.
   *
   * @default 0
   */
  readonly skipAddresses?: number;

  /**
   * Time in which all pods of the probe have to start: 10 seconds to 10 minutes.
   *
   * @default - 2 minutes
   */
  readonly startTimeout?: Duration;

  /**
   * Whether the probe fails when a pod reaches the kubelet of its own node, or a
   * node-local DNS cache that it may not ask. Kubernetes exempts traffic between a pod and
   * its node from NetworkPolicies, so most plugins let it pass; it is always reported.
   *
   * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
   * @default false
   */
  readonly requireNodeIsolation?: boolean;

  /**
   * Where the pods may run.
   *
   * @default - anywhere
   */
  readonly placement?: Placement;
}

/**
 * Shows in the running cluster that the network plugin enforces the flow table. One Job for
 * each kind of pod stands in for it, with the same labels for policies and listeners of its
 * own, and tries every connection to every other one, to DNS, API server, metadata service
 * and its node. The Job `probe-control` in the platform's namespace makes sure that all
 * listeners answer before that, and collects what came out: it succeeds only when every
 * connection is as the flow table says.
 *
 * No pod of the probe has API rights, and pods that serve are not touched.
 */
export class DenialProbe extends Construct {
  private readonly platform: AgentPlatform;
  private readonly plan: ProbePlan;
  private readonly placement?: Placement;
  private readonly namespaces = new Set<string>();

  constructor(scope: Construct, id: string, props: DenialProbeProps) {
    super(scope, id);
    const { platform, serviceCidr, skipAddresses = 0, startTimeout, requireNodeIsolation = false, placement } = props;
    const startSeconds = startTimeout?.toSeconds({ integral: false }) ?? PROBE_START_SECONDS;
    const network = cidrProblem(serviceCidr) ?? serviceNetworkProblem(serviceCidr);
    refuse(this, problems(
      network === undefined ? undefined : `serviceCidr: ${network}`,
      integerProblem('skipAddresses', skipAddresses, 0, 200),
      integerProblem('startTimeout in seconds', startSeconds, 10, 600),
      ...placementProblems(placement),
    ));
    this.platform = platform;
    this.placement = placement;
    this.plan = { serviceCidr, skipAddresses, startSeconds, requireNodeIsolation };
    platform.boundary._addEndpoint({ role: 'probe', namespace: platform.platformName });
    platform.boundary._onEndpoint((endpoint) => this.standInFor(endpoint));
  }

  /** What depends on other endpoints is worked out at synth, when all are known. */
  private standInFor(endpoint: Endpoint): void {
    const { platformName, boundary, _image: image } = this.platform;
    this.requireAddresses();
    this.addAccount(endpoint.namespace);
    const parts = new Construct(this, endpointKey(endpoint));
    const config = () => JSON.stringify(probeConfig(endpoint, boundary._topology(), this.plan));
    if (endpoint.role !== 'probe') {
      const address = Lazy.any({ produce: () => probeAddresses(this.plan, boundary._topology()).get(endpointKey(endpoint)) }) as string;
      addManifest(parts, 'Service', probeService(platformName, endpoint, this.plan.serviceCidr, address));
      const spec = Lazy.any({ produce: () => probePolicyFor(endpoint, boundary._topology()).spec });
      addManifest(parts, 'NetworkPolicy', { ...probePolicyFor(endpoint, boundary._topology()), spec });
    }
    addManifest(parts, 'ConfigMap', probeConfigMap(platformName, endpoint, Lazy.any({ produce: config }) as string));
    const hash = Lazy.any({ produce: () => createHash('sha256').update(config()).digest('hex').slice(0, 16) }) as string;
    const { startSeconds } = this.plan;
    const placement = withPullSecrets(this.placement, endpoint.imagePullSecrets);
    addManifest(parts, 'Job', probeJob(platformName, endpoint, hash, { image: image.reference, pinned: image.pinned, placement, startSeconds }));
  }

  private addAccount(namespace: string): void {
    if (this.namespaces.has(namespace)) return;
    this.namespaces.add(namespace);
    const name = OBJECTS.probe;
    addManifest(this, `ServiceAccount-${namespace}`, serviceAccount({ platform: this.platform.platformName, part: 'network', name, namespace }));
  }

  private requireAddresses(): void {
    const { serviceCidr, skipAddresses } = this.plan;
    const [needed, there] = [subjectsOf(this.platform.boundary._topology()).length, serviceAddressCount(serviceCidr, skipAddresses)];
    refuse(this, needed <= there ? [] : [
      `serviceCidr ${serviceCidr} has ${there} addresses for the probe after skipAddresses ${skipAddresses}, and ${needed} are needed, one for each role and pool of a namespace`,
    ]);
  }
}
