import { ContainerResources } from 'cdk8s-plus-28';
import { SecretKey } from './credential-grant';
import { NetworkPeer } from './network-peer';
import { ConfigMapKey } from './run-prompt';

/** How much of the egress proxy one run or session may use. What is beyond gets status 429. */
export interface EgressLimits {
  /**
   * Connections and requests that are open at the same time in one replica, 1 to 10000.
   *
   * @default 256
   */
  readonly connectionsPerRun?: number;

  /**
   * Connections and requests that may begin in a second in one replica, 1 to 10000; twice as many are taken at once.
   *
   * @default 100
   */
  readonly requestsPerSecond?: number;
}

/** A host at a private address that may be reached all the same, on the ports that are open to the internet. */
export interface PrivateDestination {
  /** Host name as grants have it: in lower case, such as `git.corp.example`, or `*.corp.example` for every name below. */
  readonly host: string;

  /** Network in which its addresses are, such as `10.20.0.0/16`. One that has the address of a metadata service is refused. */
  readonly cidr: string;
}

/** A proxy through which everything leaves. It resolves the names, so which addresses are reached is its matter. */
export interface UpstreamProxy {
  /** Its URL, such as `http://proxy.corp.example:3128`, without user and password. It is spoken to in the clear. */
  readonly url: string;

  /**
   * Entry with `user:password` in a Secret of the platform's namespace, read for each connection.
   *
   * @default - none are sent
   */
  readonly credentials?: SecretKey;

  /** Where it is, one or more; the egress proxy is let out to them, and no longer to the internet. */
  readonly peers: NetworkPeer[];

  /**
   * Port that it listens on, 1 to 65535. Behind a Service, that of its pods.
   *
   * @default - that of the URL
   */
  readonly port?: number;
}

/** What can be chosen about the egress proxy. */
export interface EgressOptions {
  /**
   * Whether there is one. Without it agents and workers have no way out at all.
   *
   * @default - true; false with `BrokerCatalog.directory`, whose broker knows no ServiceAccount
   */
  readonly enabled?: boolean;

  /**
   * Number of replicas, 1 to 100. Any replica takes any connection.
   *
   * @default 2
   */
  readonly replicas?: number;

  /**
   * Address of its Service, out of the network of Services. Agents get it as the address of their proxy, so they keep
   * working when the Service is made again. It cannot be changed afterwards.
   *
   * @default - one that the cluster chooses
   * @see https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
   */
  readonly clusterIp?: string;

  /**
   * PEM of authorities that upstreams may have besides the public ones, in a ConfigMap of the platform's namespace; read
   * again when it changes. Agents are told to trust them too.
   *
   * @default - the public ones alone
   */
  readonly upstreamCa?: ConfigMapKey;

  /**
   * A proxy through which everything leaves.
   *
   * @default - none: connections are made from here
   */
  readonly upstreamProxy?: UpstreamProxy;

  /**
   * What may be reached at a private address all the same, if a grant names the host too.
   *
   * @default - nothing
   */
  readonly privateDestinations?: PrivateDestination[];

  /**
   * Networks of the cluster's pods, Services and nodes that are public addresses. Nobody is led to them.
   *
   * @default - none
   */
  readonly clusterRanges?: string[];

  /**
   * Whether every TLS connection ends at the proxy, not only those to hosts whose credentials it puts in. Methods and
   * paths of grants then hold everywhere; programs that trust no other certificate than the upstream's fail.
   *
   * @default false
   */
  readonly inspectAlways?: boolean;

  /**
   * How much one run or session may use.
   *
   * @default - 256 at the same time, 100 in a second
   */
  readonly limits?: EgressLimits;

  /**
   * CPU and memory of each replica.
   *
   * @default - requests of 100m CPU and 128 MiB, a memory limit of 512 MiB, no CPU limit
   */
  readonly resources?: ContainerResources;
}
