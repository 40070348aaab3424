import { isIP } from 'node:net';
import { keyProblem } from './gateway-checks';
import { resourceProblems } from './quantities';
import { integerProblem, objectNameProblem, problems } from './validation';
import { EgressLimits, EgressOptions, PrivateDestination, UpstreamProxy } from '../egress-options';
import { cidrProblem, contains, formatCidr, parseCidr } from '../manifests/cidr';
import { SPECIAL_RANGES } from '../protocol/address-ranges';
import { DestinationsFile } from '../protocol/egress-api';
import { EGRESS_ENV } from '../protocol/env';
import { hostProblem } from '../protocol/hosts';

/** Replicas of a Deployment are not limited by Kubernetes; more than this is a typing error. */
const MOST_REPLICAS = 100;

/** What is wrong with the egress proxy of a platform. */
export function egressProblems(options: EgressOptions): string[] {
  const { replicas, clusterIp, upstreamCa, upstreamProxy, privateDestinations = [], clusterRanges = [], limits, resources } = options;
  return [
    ...problems(
      integerProblem('replicas', replicas ?? 2, 1, MOST_REPLICAS),
      clusterIp === undefined || isAddress(clusterIp) ? undefined : `clusterIp must be an IPv4 or IPv6 address, got ${JSON.stringify(clusterIp)}`,
      upstreamCa && objectNameProblem('upstreamCa.name', upstreamCa.name),
      upstreamCa && keyProblem('upstreamCa.key', upstreamCa.key),
    ),
    ...(upstreamProxy === undefined ? [] : proxyProblems(upstreamProxy, options)),
    ...privateDestinations.flatMap(destinationProblems),
    ...repeated('privateDestinations', privateDestinations.map(({ host, cidr }) => `${host} at ${canonical(cidr)}`)),
    ...problems(...clusterRanges.map((cidr, index) => within(`clusterRanges[${index}]`, cidrProblem(cidr)))),
    ...repeated('clusterRanges', clusterRanges.map(canonical)),
    ...limitProblems(limits),
    ...resourceProblems(resources),
  ];
}

function proxyProblems({ url, credentials, peers, port }: UpstreamProxy, { privateDestinations, clusterRanges }: EgressOptions): string[] {
  const without = Object.entries({ privateDestinations, clusterRanges }).filter(([, value]) => value !== undefined).map(([name]) => name);
  return problems(
    // Never with what it is: there may be a password in it.
    isProxyUrl(url) ? undefined : 'upstreamProxy.url must be http://host:port, without user, path and query; user and password belong into the Secret of credentials',
    credentials && objectNameProblem('upstreamProxy.credentials.name', credentials.name),
    credentials && keyProblem('upstreamProxy.credentials.key', credentials.key),
    peers.length > 0 ? undefined : 'upstreamProxy.peers must name at least one, or nothing leaves',
    port === undefined ? undefined : integerProblem('upstreamProxy.port', port, 1, 65_535),
    ...without.map((name) => `${name} has no effect with upstreamProxy, which resolves the names and connects to them`),
  );
}

function isProxyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, port, pathname, search, hash } = new URL(text);
  return protocol === 'http:' && username === '' && password === '' && port !== '0' && pathname === '/' && search === '' && hash === '' && !/[@?#\s]/.test(text);
}

/** Port that a proxy listens on, by its URL. */
export function proxyPort(url: string): number {
  const { port } = new URL(url);
  return port === '' ? 80 : Number(port);
}

function destinationProblems({ host, cidr }: PrivateDestination, index: number): string[] {
  const at = `privateDestinations[${index}]`;
  return problems(within(at, hostProblem(host)), within(`${at}.cidr`, cidrProblem(cidr)), closedProblem(`${at}.cidr`, cidr));
}

/** The proxy leads nobody there, so the policy must not either. */
function closedProblem(name: string, text: string): string | undefined {
  const network = parseCidr(text);
  const closed = network && SPECIAL_RANGES.filter((range) => range.closed === true).find(({ cidr }) => {
    const range = parseCidr(cidr)!;
    return contains(range, network) || contains(network, range);
  });
  return closed && `${name} must have no address of ${closed.cidr} (${closed.name}), where nobody is led to, got ${text}; name smaller networks`;
}

function limitProblems({ connectionsPerRun, requestsPerSecond }: EgressLimits = {}): string[] {
  return problems(
    connectionsPerRun === undefined ? undefined : integerProblem('limits.connectionsPerRun', connectionsPerRun, ...EGRESS_ENV.CONNECTIONS_PER_RUN.range),
    requestsPerSecond === undefined ? undefined : integerProblem('limits.requestsPerSecond', requestsPerSecond, ...EGRESS_ENV.REQUESTS_PER_SECOND.range),
  );
}

/** Variables of the proxy for the limits that differ from its defaults. */
export function egressLimitSettings({ connectionsPerRun, requestsPerSecond }: EgressLimits = {}): Record<string, string> {
  const limits = { CONNECTIONS_PER_RUN: connectionsPerRun, REQUESTS_PER_SECOND: requestsPerSecond };
  return Object.fromEntries(Object.entries(limits).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

/** The file that the proxy reads; undefined when there is nothing to say. */
export function destinationsFile({ clusterRanges = [], privateDestinations = [] }: EgressOptions): string | undefined {
  const holes = privateDestinations.map(({ host, cidr }) => ({ host, cidr: canonical(cidr) }));
  const file: DestinationsFile = {
    ...(clusterRanges.length === 0 ? {} : { clusterRanges: clusterRanges.map(canonical).sort() }),
    ...(privateDestinations.length === 0 ? {} : { privateDestinations: holes }),
  };
  return Object.keys(file).length === 0 ? undefined : JSON.stringify(file);
}

function repeated(name: string, values: readonly string[]): string[] {
  return values.flatMap((value, index) => (values.indexOf(value) === index ? [] : [`${name}[${index}] is ${value}, which is there already`]));
}

function within(name: string, problem: string | undefined): string | undefined {
  return problem && `${name}: ${problem}`;
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** One spelling for each network. What is none is left to its own check. */
function canonical(text: string): string {
  const network = parseCidr(text);
  return network === undefined ? text : formatCidr(network);
}
