import type { PodSpec } from 'kubernetes-types/core/v1';
import { BrokerAccess, brokerEnv, brokerFolders } from './broker-access';
import { configMapFiles, configMapFolder, Mounted, secretFolder } from './mounted';
import { SERVER_ENV, serverPod, ServerPodOptions } from './server-pod';
import { NamedKey } from './store-access';
import { WorkloadId } from './workload';
import { EGRESS_ENV } from '../protocol/env';
import { CA_KEY, DESTINATIONS_KEY, OBJECTS } from '../protocol/objects';
import { ENTRY_POINTS, PATHS } from '../protocol/paths';
import { PORTS } from '../protocol/ports';

export interface EgressPodOptions extends ServerPodOptions {
  readonly broker: BrokerAccess;
  /** Namespaces whose agents are told where the proxy is: comma-separated, may be lazy. */
  readonly agentNamespaces: string;
  /** Whether there is something to say about networks of the cluster and private destinations. */
  readonly hasDestinations: boolean;
  /** ConfigMap with further authorities of upstreams. */
  readonly upstreamCa?: NamedKey;
  readonly upstreamProxy?: { readonly url: string; readonly credentials?: NamedKey };
  readonly inspectAlways: boolean;
  readonly limits: { readonly [Name in 'CONNECTIONS_PER_RUN' | 'REQUESTS_PER_SECOND']?: string };
}

/** The pod of a replica of the egress proxy. It keeps its CAs in the API, where all replicas have the same. */
export function egressPod(id: WorkloadId, options: EgressPodOptions): PodSpec {
  const { broker, upstreamCa, upstreamProxy } = options;
  return serverPod(id, options, {
    entryPoint: ENTRY_POINTS.egress,
    ports: ['egress-proxy', 'egress-base-url', 'egress-fence'],
    usesApi: true,
    folders: foldersOf(options),
    table: EGRESS_ENV,
    env: {
      EGRESS_LISTEN: `:${PORTS['egress-proxy']}`,
      EGRESS_BASE_URL_LISTEN: `:${PORTS['egress-base-url']}`,
      EGRESS_FENCE_LISTEN: `:${PORTS['egress-fence']}`,
      ...SERVER_ENV,
      ...brokerEnv(broker),
      TRUST: 'kubernetes',
      AGENT_NAMESPACES: options.agentNamespaces,
      POD_NAMESPACE: { fieldPath: 'metadata.namespace' },
      ...(options.hasDestinations ? { DESTINATIONS_FILE: `${PATHS.destinations}/${DESTINATIONS_KEY}` } : {}),
      ...(upstreamCa === undefined ? {} : { UPSTREAM_CA_FILE: `${PATHS.upstreamCa}/${CA_KEY}` }),
      ...(upstreamProxy === undefined ? {} : { UPSTREAM_PROXY_URL: upstreamProxy.url }),
      ...(upstreamProxy?.credentials === undefined ? {} : { UPSTREAM_PROXY_CREDENTIALS_FILE: `${PATHS.upstreamProxy}/${upstreamProxy.credentials.key}` }),
      ...(options.inspectAlways ? { INSPECT: 'always' } : {}),
      ...options.limits,
    },
  });
}

function foldersOf({ broker, hasDestinations, upstreamCa, upstreamProxy }: EgressPodOptions): Mounted[] {
  const credentials = upstreamProxy?.credentials;
  return [
    ...brokerFolders(broker),
    ...(hasDestinations ? [configMapFolder('destinations', OBJECTS.egressDestinations, PATHS.destinations)] : []),
    ...(upstreamCa === undefined ? [] : [configMapFiles('upstream-ca', [{ configMapName: upstreamCa.name, key: upstreamCa.key, path: CA_KEY }], PATHS.upstreamCa)]),
    ...(credentials === undefined ? [] : [secretFolder('upstream-proxy', credentials.name, PATHS.upstreamProxy, { keys: [credentials.key] })]),
  ];
}
