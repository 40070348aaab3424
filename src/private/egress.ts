import { Construct } from 'constructs';
import { proxyPort } from './egress-checks';
import { metadataProblems } from './metadata-checks';
import { EgressContext } from './part-context';
import { refuse } from './validation';
import { BrokerOptions } from '../broker-options';
import { EgressGateway } from '../egress-gateway';
import { EgressOptions, UpstreamProxy } from '../egress-options';
import { FLOWS, policyPorts, portsOf } from '../manifests/flows';
import { ipBlockPeer, PeerRule, publicInternet, Topology } from '../manifests/network-policy';
import { NetworkBoundary } from '../network-boundary';

/** What a platform was told about its broker and its way out. */
export interface EgressWanted {
  readonly broker?: BrokerOptions;
  readonly egress?: EgressOptions;
}

export interface EgressSurroundings extends EgressContext {
  readonly boundary: NetworkBoundary;
}

/** Whether a platform has an egress proxy: it shows the broker a token of its ServiceAccount, which a broker of documents does not know. */
export function hasEgress({ broker, egress }: EgressWanted): boolean {
  return egress?.enabled ?? readsApi(broker);
}

function readsApi(broker: BrokerOptions | undefined): boolean {
  return broker?.catalog?.configMapName === undefined;
}

/** Makes the egress proxy and opens its connections. Undefined where none is wanted. */
export function addEgress(scope: Construct, context: EgressSurroundings, wanted: EgressWanted): EgressGateway | undefined {
  refuse(scope, wantedProblems(wanted));
  if (!hasEgress(wanted)) return undefined;
  const options = wanted.egress ?? {};
  const egress = EgressGateway._in(scope, 'egress', context, options);
  const { boundary } = context;
  const proxy = options.upstreamProxy && proxyRules(scope, options.upstreamProxy);
  boundary._open(() => egressPlaces(options, proxy, egress._grantedPorts));
  boundary._addEndpoint(egress._endpoint);
  return egress;
}

function wantedProblems({ broker, egress = {} }: EgressWanted): string[] {
  const { enabled, ...others } = egress;
  const given = Object.entries(others).filter(([, value]) => value !== undefined).map(([name]) => `egress.${name}`);
  if (enabled === false) return given.map((name) => `${name} has no effect without the proxy; leave it out, or leave out 'enabled: false'`);
  if (readsApi(broker) || (enabled === undefined && given.length === 0)) return [];
  return ['egress must be left out with BrokerCatalog.directory, whose broker does not know the ServiceAccount of the proxy'];
}

function proxyRules(scope: Construct, { url, peers, port }: UpstreamProxy): PeerRule[] {
  const rules = peers.flatMap((peer) => [...peer._rulesFor(scope)]);
  refuse(scope, rules.flatMap((rule) => metadataProblems('egress.upstreamProxy', rule)));
  return rules.map(({ peer }) => ({ peer, ports: policyPorts([port ?? proxyPort(url)]) }));
}

const TO_INTERNET = FLOWS.find(({ id }) => id === 'egress-to-internet')!;

/** What the proxy may connect to: the internet and networks that were named, or another proxy alone. */
function egressPlaces({ clusterRanges, privateDestinations = [] }: EgressOptions, proxy: PeerRule[] | undefined, granted: readonly number[]): Topology['places'] {
  if (proxy !== undefined) return { 'internet': [], 'upstream-proxy': proxy };
  const ports = [...portsOf(TO_INTERNET), ...policyPorts(granted)];
  const open = (rules: readonly PeerRule[]) => rules.map(({ peer }): PeerRule => ({ peer, ports }));
  return {
    'internet': open(publicInternet(clusterRanges)),
    'private-destinations': open(privateDestinations.map(({ cidr }) => ({ peer: ipBlockPeer(cidr) }))),
  };
}
