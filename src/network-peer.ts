import { IConstruct } from 'constructs';
import { cidrProblem, exceptProblem } from './manifests/cidr';
import { API_SERVER_PORTS, policyPorts } from './manifests/flows';
import { ipBlockPeer, namespacePeer, PeerRule, podsPeer, PUBLIC_INTERNET } from './manifests/network-policy';
import { dnsLabelProblem, integerProblem, labelProblem, problems, refuse } from './private/validation';

/** Pods of one namespace, chosen by labels. */
export interface PodPeerOptions {
  /** Namespace of the pods. */
  readonly namespace: string;

  /** Labels that the pods carry; all must match. */
  readonly labels: { [key: string]: string };
}

/** What is left out of a CIDR. */
export interface CidrPeerOptions {
  /**
   * Networks inside the CIDR that stay closed.
   *
   * @default - none
   */
  readonly except?: string[];
}

/** How the API server is reached. */
export interface ApiServerPeerOptions {
  /**
   * Ports that the API server listens on, after address translation. Not the 443 of the Service `kubernetes`.
   *
   * @default [443, 6443]
   */
  readonly ports?: number[];
}

/**
 * Somebody outside the platform whom a policy admits, or whom pods may reach.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export class NetworkPeer {
  /**
   * Pods with these labels in one namespace.
   *
   * @param options Namespace and labels; both must match.
   */
  public static pods(options: PodPeerOptions): NetworkPeer {
    const { namespace, labels } = options;
    const found = problems(
      dnsLabelProblem('namespace of a network peer', namespace),
      Object.keys(labels).length > 0 ? undefined : 'labels of a network peer are empty, allowed are one or more; NetworkPeer.namespace() means all pods',
      ...Object.entries(labels).map(([key, value]) => labelProblem(key, value)),
    );
    return new NetworkPeer(found, () => [{ peer: podsPeer(namespace, { ...labels }) }]);
  }

  /**
   * Every pod of a namespace.
   *
   * @param name Name of the namespace.
   */
  public static namespace(name: string): NetworkPeer {
    return new NetworkPeer(problems(dnsLabelProblem('namespace of a network peer', name)), () => [{ peer: namespacePeer(name) }]);
  }

  /**
   * Addresses outside the cluster. Whether addresses of pods and nodes count is up to the network plugin.
   *
   * @param cidr IPv4 or IPv6 network, for example `10.0.0.0/8` or `2001:db8::/32`.
   * @param options Parts of it that stay closed.
   */
  public static cidr(cidr: string, options: CidrPeerOptions = {}): NetworkPeer {
    const except = options.except ?? [];
    const cidrIs = cidrProblem(cidr);
    const found = cidrIs === undefined ? problems(...except.map((inner) => exceptProblem(cidr, inner))) : [cidrIs];
    return new NetworkPeer(found, () => [{ peer: ipBlockPeer(cidr, except) }]);
  }

  /** The internet over IPv4 and IPv6, without private, shared, link-local and reserved networks. */
  public static internet(): NetworkPeer {
    return new NetworkPeer([], () => PUBLIC_INTERNET);
  }

  private readonly rules: readonly PeerRule[];

  private constructor(private readonly found: readonly string[], produce: () => readonly PeerRule[]) {
    this.rules = rulesUnless(found, produce);
  }

  /**
   * The rules of the peer, or an error that names the construct that uses it.
   *
   * @internal
   */
  public _rulesFor(scope: IConstruct): readonly PeerRule[] {
    refuse(scope, this.found);
    return this.rules;
  }
}

/**
 * Where the cluster answers DNS queries. Policies see the address and port of the
 * DNS pod itself, so clusters differ.
 *
 * @see https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
 */
export class DnsPeer {
  /** CoreDNS or kube-dns pods: label `k8s-app: kube-dns` in `kube-system`, port 53. */
  public static kubeDns(): DnsPeer {
    return new DnsPeer([], () => [{ peer: podsPeer('kube-system', { 'k8s-app': 'kube-dns' }) }]);
  }

  /**
   * NodeLocal DNSCache. It runs in the node's network, where no pod selector matches.
   *
   * @param addresses CIDRs it listens on; add the cluster IP of kube-dns where that is not translated.
   */
  public static nodeLocal(addresses: string[] = ['169.254.20.10/32']): DnsPeer {
    return DnsPeer.cidrs(addresses);
  }

  /** OpenShift's DNS: namespace `openshift-dns`, pods on port 5353. */
  public static openShift(): DnsPeer {
    const labels = { 'dns.operator.openshift.io/daemonset-dns': 'default' };
    return new DnsPeer([], () => [{ peer: podsPeer('openshift-dns', labels), ports: policyPorts([5353], ['TCP', 'UDP']) }]);
  }

  /**
   * Resolvers by address, port 53.
   *
   * @param cidrs One or more networks.
   */
  public static cidrs(cidrs: string[]): DnsPeer {
    return new DnsPeer(cidrListProblems('DNS peer', cidrs), () => cidrs.map((cidr) => ({ peer: ipBlockPeer(cidr) })));
  }

  private readonly rules: readonly PeerRule[];

  private constructor(private readonly found: readonly string[], produce: () => readonly PeerRule[]) {
    this.rules = rulesUnless(found, produce);
  }

  /**
   * The rules of the peer, or an error that names the construct that uses it.
   *
   * @internal
   */
  public _rulesFor(scope: IConstruct): readonly PeerRule[] {
    refuse(scope, this.found);
    return this.rules;
  }
}

/**
 * Where the API server is. It runs in the network of a node or outside the cluster,
 * where no pod selector matches.
 */
export class ApiServerPeer {
  /**
   * By address. `kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes` shows addresses and port.
   *
   * @param cidrs One or more networks.
   * @param options Its ports.
   */
  public static cidrs(cidrs: string[], options: ApiServerPeerOptions = {}): ApiServerPeer {
    const ports = [...(options.ports ?? API_SERVER_PORTS)];
    const found = [...cidrListProblems('API server peer', cidrs), ...portProblems(ports)];
    return new ApiServerPeer(found, ports, () => cidrs.map((cidr) => ({ peer: ipBlockPeer(cidr), ports: policyPorts(ports) })));
  }

  /**
   * By Cilium's own knowledge: its CIDR rules do not match an API server on a node of
   * the cluster. Makes CiliumNetworkPolicies, so the cluster must know that kind.
   *
   * @see https://docs.cilium.io/en/stable/security/policy/language/#entities-based
   * @param options Its ports.
   */
  public static cilium(options: ApiServerPeerOptions = {}): ApiServerPeer {
    const ports = [...(options.ports ?? API_SERVER_PORTS)];
    return new ApiServerPeer(portProblems(ports), ports);
  }

  private readonly rules?: readonly PeerRule[];

  private constructor(private readonly found: readonly string[], private readonly ports: readonly number[], produce?: () => readonly PeerRule[]) {
    this.rules = produce && rulesUnless(found, produce);
  }

  /**
   * The rules of the peer, or an error that names the construct that uses it. None under Cilium.
   *
   * @internal
   */
  public _rulesFor(scope: IConstruct): readonly PeerRule[] {
    refuse(scope, this.found);
    return this.rules ?? [];
  }

  /**
   * Ports of the Cilium entity; undefined when the API server is known by address.
   *
   * @internal
   */
  public get _ciliumPorts(): readonly number[] | undefined {
    return this.rules === undefined ? this.ports : undefined;
  }
}

/**
 * What a factory was given is read at once, so that changing an array or record
 * afterwards changes nothing. The error waits for a construct whose path it can name.
 */
function rulesUnless(found: readonly string[], produce: () => readonly PeerRule[]): readonly PeerRule[] {
  return found.length === 0 ? produce() : [];
}

function cidrListProblems(owner: string, cidrs: readonly string[]): string[] {
  return problems(cidrs.length > 0 ? undefined : `${owner} has no CIDRs, allowed are one or more`, ...cidrs.map(cidrProblem));
}

function portProblems(ports: readonly number[]): string[] {
  const twice = ports.filter((port, index) => ports.indexOf(port) !== index);
  return problems(
    ports.length > 0 ? undefined : 'ports are empty, which would open all; allowed are one or more',
    ...ports.map((port) => integerProblem('port', port, 1, 65_535)),
    twice.length === 0 ? undefined : `ports must differ, got ${twice.join(', ')} more than once`,
  );
}
