import { Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { Manifest } from './manifests/manifest';
import { ciliumApiServerPolicy, defaultDeny, Endpoint, PeerRule, policyFor, PUBLIC_INTERNET, Topology } from './manifests/network-policy';
import { ApiServerPeer, DnsPeer, NetworkPeer } from './network-peer';
import { addManifest } from './private/api-objects';
import { validateReach } from './private/reach-validation';
import { dnsLabelProblem, problems, refuse } from './private/validation';

/** Whom the platform meets outside itself. Every row of the flow table that names no one stays closed. */
export interface NetworkBoundaryOptions {
  /** Where the API server is. There is no default: a wrong guess is either a broken platform or a hole. */
  readonly apiServer: ApiServerPeer;

  /**
   * Where platform pods resolve names. Agents and workers resolve none.
   *
   * @default [DnsPeer.kubeDns(), DnsPeer.nodeLocal()]
   */
  readonly dns?: DnsPeer[];

  /**
   * Who scrapes `/metrics` on the admin port of platform pods and workers.
   *
   * @default - nobody
   */
  readonly metricsFrom?: NetworkPeer[];

  /**
   * Who calls the broker besides the platform's own parts. Admission by the network only: the broker still asks for a token.
   *
   * @default - nobody
   */
  readonly brokerCallers?: NetworkPeer[];

  /**
   * Where the broker mints GitHub App tokens, port 443.
   *
   * @default - nowhere
   */
  readonly codeHost?: NetworkPeer[];

  /**
   * Who reaches the gateway, such as the pods of an ingress. Admission by the network only: the gateway still asks who they are.
   *
   * @default - nobody
   */
  readonly clients?: NetworkPeer[];

  /**
   * Where the gateway fetches the keys of token issuers, port 443.
   *
   * @default - nowhere
   */
  readonly identityProvider?: NetworkPeer[];

  /**
   * Who calls the controller besides the gateway. Admission by the network only: the controller still asks for a token.
   *
   * @default - nobody
   */
  readonly controllerCallers?: NetworkPeer[];
}

/** Properties of `NetworkBoundary`. */
export interface NetworkBoundaryProps extends NetworkBoundaryOptions {
  /** Name of the platform. */
  readonly platform: string;
}

/**
 * The NetworkPolicies of a platform. Every namespace of it is closed in both
 * directions, for every pod; one policy for each role and pool then opens its end of
 * the flows that exist. `docs/reference/network.md` lists them.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export class NetworkBoundary extends Construct {
  private readonly platform: string;
  private readonly apiServer: ApiServerPeer;
  private readonly namespaces = new Set<string>();
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly places: Record<'api-server' | 'dns' | 'code-host' | 'identity-provider', readonly PeerRule[]>;
  private readonly monitoring: PeerRule[] = [];
  private readonly brokerCallers: PeerRule[] = [];
  private readonly clients: PeerRule[] = [];
  private readonly controllerCallers: PeerRule[] = [];
  private readonly named: (() => Topology['places'])[] = [];
  private readonly followers: ((endpoint: Endpoint) => void)[] = [];

  constructor(scope: Construct, id: string, props: NetworkBoundaryProps) {
    super(scope, id);
    refuse(this, problems(dnsLabelProblem('platform', props.platform)));
    this.platform = props.platform;
    this.apiServer = props.apiServer;
    this.places = {
      'api-server': props.apiServer._rulesFor(this),
      'dns': (props.dns ?? [DnsPeer.kubeDns(), DnsPeer.nodeLocal()]).flatMap((peer) => peer._rulesFor(this)),
      'code-host': (props.codeHost ?? []).flatMap((peer) => peer._rulesFor(this)),
      'identity-provider': (props.identityProvider ?? []).flatMap((peer) => peer._rulesFor(this)),
    };
    this.allowMetricsFrom(...(props.metricsFrom ?? []));
    this.allowBrokerCallers(...(props.brokerCallers ?? []));
    this.allowClients(...(props.clients ?? []));
    this.allowControllerCallers(...(props.controllerCallers ?? []));
    this.node.addValidation({ validate: () => validateReach(this) });
  }

  /**
   * Lets more peers scrape metrics, of pods that exist and of those added later.
   *
   * @param peers Who scrapes. Without peers nothing changes.
   */
  public allowMetricsFrom(...peers: NetworkPeer[]): void {
    this.monitoring.push(...peers.flatMap((peer) => peer._rulesFor(this)));
  }

  /**
   * Lets more peers call the broker.
   *
   * @param peers Who calls. Without peers nothing changes.
   */
  public allowBrokerCallers(...peers: NetworkPeer[]): void {
    this.brokerCallers.push(...peers.flatMap((peer) => peer._rulesFor(this)));
  }

  /**
   * Lets more peers reach the gateway.
   *
   * @param peers Who uses sessions. Without peers nothing changes.
   */
  public allowClients(...peers: NetworkPeer[]): void {
    this.clients.push(...peers.flatMap((peer) => peer._rulesFor(this)));
  }

  /**
   * Lets more peers call the controller.
   *
   * @param peers Who calls. Without peers nothing changes.
   */
  public allowControllerCallers(...peers: NetworkPeer[]): void {
    this.controllerCallers.push(...peers.flatMap((peer) => peer._rulesFor(this)));
  }

  /**
   * Says where places are that a part of the platform was told of. It is asked at synth.
   *
   * @internal
   */
  public _open(places: () => Topology['places']): void {
    this.named.push(places);
  }

  /**
   * Closes a namespace. Closing it again changes nothing.
   *
   * @internal
   */
  public _addNamespace(name: string): void {
    if (this.namespaces.has(name)) return;
    refuse(this, problems(dnsLabelProblem('namespace', name)));
    this.namespaces.add(name);
    addManifest(this, `default-deny-${name}`, defaultDeny(this.platform, name));
  }

  /**
   * Opens what the flow table grants to pods of one role and pool, and closes the rest
   * of their namespace. The rules are worked out at synth, so that policies also know
   * endpoints and peers that come later.
   *
   * @internal
   */
  public _addEndpoint(endpoint: Endpoint): void {
    const { role, namespace, pool } = endpoint;
    const key = [namespace, role, ...(pool === undefined ? [] : [pool])].join('.');
    refuse(this, problems(
      pool === undefined ? undefined : dnsLabelProblem('pool', pool),
      this.endpoints.has(key) ? `endpoint ${key} exists already, allowed is one for each namespace, role and pool` : undefined,
    ));
    this._addNamespace(namespace);
    this.endpoints.set(key, endpoint);
    const spec = Lazy.any({ produce: () => policyFor(endpoint, this._topology()).spec });
    addManifest(this, `allow-${key}`, { ...policyFor(endpoint, this._topology()), spec });
    this.addCiliumPolicy(endpoint, key);
    for (const follower of this.followers) follower(endpoint);
  }

  /**
   * Tells of every endpoint, those that exist and those that come later.
   *
   * @internal
   */
  public _onEndpoint(follower: (endpoint: Endpoint) => void): void {
    for (const endpoint of [...this.endpoints.values()]) follower(endpoint);
    this.followers.push(follower);
  }

  /**
   * The closed namespaces so far, sorted.
   *
   * @internal
   */
  public get _namespaceNames(): string[] {
    return [...this.namespaces].sort();
  }

  /**
   * Who exists so far.
   *
   * @internal
   */
  public _topology(): Topology {
    return {
      platform: this.platform,
      endpoints: [...this.endpoints.values()],
      places: {
        ...this.places,
        'monitoring': this.monitoring,
        'broker-callers': this.brokerCallers,
        'clients': this.clients,
        'controller-callers': this.controllerCallers,
        'internet': PUBLIC_INTERNET,
        ...Object.assign({}, ...this.named.map((places) => places())) as Topology['places'],
      },
    };
  }

  /**
   * What the platform writes for Cilium; no other policy of that kind is known to the proof.
   *
   * @internal
   */
  public _ciliumPolicies(): Manifest[] {
    return [...this.endpoints.values()].flatMap((endpoint) => this.ciliumPolicy(endpoint) ?? []);
  }

  private addCiliumPolicy(endpoint: Endpoint, key: string): void {
    const manifest = this.ciliumPolicy(endpoint);
    if (manifest !== undefined) addManifest(this, `cilium-${key}`, manifest);
  }

  private ciliumPolicy(endpoint: Endpoint): Manifest | undefined {
    const ports = this.apiServer._ciliumPorts;
    return ports && ciliumApiServerPolicy(endpoint, this.platform, ports);
  }
}
