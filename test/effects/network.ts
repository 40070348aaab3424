import { Testing } from 'cdk8s';
import { Build, Effects, emitted, merged, platform, rows } from './build';
import {
  ApiServerPeer, ApiServerPeerOptions, CidrPeerOptions, DnsPeer, NetworkBoundary, NetworkBoundaryOptions, NetworkBoundaryProps, NetworkPeer,
  PodPeerOptions,
} from '../../src';
import { API_SERVER } from '../helpers/platform';

const metrics = (peer: NetworkPeer) => platform({ metricsFrom: [peer] });
const dns = (peer: DnsPeer) => platform({ dns: [peer] });
const api = (apiServer: ApiServerPeer) => platform({ apiServer });

function boundary(props: NetworkBoundaryProps): Build {
  return () => {
    const chart = Testing.chart();
    const made = new NetworkBoundary(chart, 'network', props);
    for (const role of ['broker', 'controller', 'gateway'] as const) made._addEndpoint({ role, namespace: props.platform });
    return Testing.synth(chart);
  };
}

const OPTIONS: NetworkBoundaryOptions = {
  apiServer: ApiServerPeer.cidrs(['192.0.2.99/32']),
  brokerCallers: [NetworkPeer.namespace('callers')],
  clients: [NetworkPeer.namespace('ingress')],
  controllerCallers: [NetworkPeer.namespace('ci')],
  identityProvider: [NetworkPeer.cidr('203.0.113.0/24')],
  codeHost: [NetworkPeer.cidr('198.51.100.0/24')],
  dns: [DnsPeer.openShift()],
  metricsFrom: [NetworkPeer.namespace('monitoring')],
};

export const NETWORK_EFFECTS: Effects = merged(
  rows('AgentPlatformProps', platform, {}, OPTIONS),
  rows('NetworkBoundaryProps', boundary, { platform: 'one', apiServer: API_SERVER }, { ...OPTIONS, platform: 'two' }),
  {
    'NetworkBoundary.allowBrokerCallers(peers)': [
      emitted(() => {}),
      emitted((world) => world.platform.boundary.allowBrokerCallers(NetworkPeer.namespace('a'))),
    ],
    'NetworkBoundary.allowClients(peers)': [
      emitted(() => {}),
      emitted((world) => world.platform.boundary.allowClients(NetworkPeer.namespace('a'))),
    ],
    'NetworkBoundary.allowControllerCallers(peers)': [
      emitted(() => {}),
      emitted((world) => world.platform.boundary.allowControllerCallers(NetworkPeer.namespace('a'))),
    ],
    'NetworkBoundary.allowMetricsFrom(peers)': [
      emitted(() => {}),
      emitted((world) => world.platform.boundary.allowMetricsFrom(NetworkPeer.namespace('a'))),
    ],
    'NetworkPeer.cidr(cidr)': [metrics(NetworkPeer.cidr('10.0.0.0/8')), metrics(NetworkPeer.cidr('11.0.0.0/8'))],
    'NetworkPeer.cidr(options)': [metrics(NetworkPeer.cidr('10.0.0.0/8')), metrics(NetworkPeer.cidr('10.0.0.0/8', { except: ['10.1.0.0/16'] }))],
    'NetworkPeer.internet()': [metrics(NetworkPeer.internet()), metrics(NetworkPeer.cidr('0.0.0.0/0'))],
    'NetworkPeer.namespace(name)': [metrics(NetworkPeer.namespace('a')), metrics(NetworkPeer.namespace('b'))],
    'NetworkPeer.pods(options)': [metrics(NetworkPeer.namespace('a')), metrics(NetworkPeer.pods({ namespace: 'a', labels: { app: 'x' } }))],
    'ApiServerPeer.cidrs(cidrs)': [api(ApiServerPeer.cidrs(['192.0.2.1/32'])), api(ApiServerPeer.cidrs(['192.0.2.2/32']))],
    'ApiServerPeer.cidrs(options)': [api(ApiServerPeer.cidrs(['192.0.2.1/32'])), api(ApiServerPeer.cidrs(['192.0.2.1/32'], { ports: [6443] }))],
    'ApiServerPeer.cilium(options)': [api(ApiServerPeer.cilium()), api(ApiServerPeer.cilium({ ports: [6443] })), api(API_SERVER)],
    'DnsPeer.cidrs(cidrs)': [dns(DnsPeer.cidrs(['192.0.2.1/32'])), dns(DnsPeer.cidrs(['192.0.2.2/32']))],
    'DnsPeer.kubeDns()': [dns(DnsPeer.kubeDns()), dns(DnsPeer.nodeLocal())],
    'DnsPeer.nodeLocal(addresses)': [dns(DnsPeer.nodeLocal()), dns(DnsPeer.nodeLocal(['169.254.25.10/32']))],
    'DnsPeer.openShift()': [dns(DnsPeer.openShift()), dns(DnsPeer.kubeDns())],
  },
  rows('CidrPeerOptions', (options: CidrPeerOptions) => metrics(NetworkPeer.cidr('10.0.0.0/8', options)), {}, { except: ['10.1.0.0/16'] }),
  rows('PodPeerOptions', (options: PodPeerOptions) => metrics(NetworkPeer.pods(options)), { namespace: 'a', labels: { app: 'x' } }, { namespace: 'b', labels: { app: 'y' } }),
  rows('ApiServerPeerOptions', (options: ApiServerPeerOptions) => api(ApiServerPeer.cidrs(['192.0.2.1/32'], options)), {}, { ports: [6443] }),
);
