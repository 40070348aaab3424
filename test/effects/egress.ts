import { Cpu } from 'cdk8s-plus-28';
import { Build, Effects, merged, platform, rows } from './build';
import { EgressLimits, EgressOptions, NetworkPeer, PrivateDestination, UpstreamProxy } from '../../src';

const egress = (options: EgressOptions): Build => platform({ egress: options });

const DESTINATION: PrivateDestination = { host: 'git.corp.example', cidr: '10.20.0.0/16' };
const PROXY: UpstreamProxy = { url: 'http://proxy.corp.example', peers: [NetworkPeer.namespace('proxies')] };

export const EGRESS_EFFECTS: Effects = merged(
  rows('AgentPlatformProps', platform, {}, { egress: { enabled: false } }),
  rows('EgressOptions', egress, {}, {
    clusterIp: '10.96.200.1',
    clusterRanges: ['8.34.0.0/16'],
    enabled: false,
    inspectAlways: true,
    limits: { requestsPerSecond: 7 },
    privateDestinations: [DESTINATION],
    replicas: 3,
    resources: { cpu: { request: Cpu.millis(300) } },
    upstreamCa: { name: 'corp-ca', key: 'roots.pem' },
    upstreamProxy: PROXY,
  }),
  rows('EgressLimits', (limits: EgressLimits) => egress({ limits }), {}, { connectionsPerRun: 7, requestsPerSecond: 7 }),
  rows('PrivateDestination', (destination: PrivateDestination) => egress({ privateDestinations: [destination] }), DESTINATION, {
    cidr: '10.21.0.0/16', host: '*.corp.example',
  }),
  rows('UpstreamProxy', (upstreamProxy: UpstreamProxy) => egress({ upstreamProxy }), PROXY, {
    credentials: { name: 'proxy-login', key: 'egress' }, peers: [NetworkPeer.namespace('others')], port: 3128, url: 'http://other.corp.example',
  }),
);
