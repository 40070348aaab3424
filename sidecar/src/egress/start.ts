import { Resolver as DnsResolver } from 'node:dns/promises';
import { brokerClient } from './broker/broker-client';
import { isRefusal } from './broker/broker-failure';
import { openDestinations } from './destinations/destinations-file';
import { dnsLookup } from './destinations/dns-lookup';
import { Resolver, type ResolverOptions } from './destinations/resolver';
import { openGate } from './gate/gate';
import { RunCaps } from './gate/run-caps';
import { Verdicts } from './gate/verdicts';
import { egressListeners } from './listeners/listeners';
import { EgressMetrics } from './reports/metrics';
import { openReports } from './reports/reports';
import { forwarder } from './requests/forward';
import type { EgressTrust } from './trust/open-trust';
import { directWay, type WayOut } from './upstream/dial';
import { openUpstreamAuthorities } from './upstream/upstream-authorities';
import { proxyWay } from './upstream/upstream-proxy';
import { UpstreamTls } from './upstream/upstream-tls';
import { openEgressTrust } from './world';
import type { EGRESS_ENV } from '../../../src/protocol/env';
import { requestIds } from '../server/http/request-ids';
import type { Config } from '../server/program/config';
import type { RoleContext, RoleServer, StartedRole } from '../server/program/role';
import { steadyClock } from '../server/time/clock';
import { after } from '../server/time/timers';

export type EgressConfig = Config<typeof EGRESS_ENV>;

/** What stands in for the network in tests. */
export interface GivenNetwork {
  readonly lookup?: ResolverOptions['lookup'];
  /** In place of the way to checked addresses. */
  readonly way?: (resolver: Resolver) => WayOut;
}

/** Two attempts fit into the time that a lookup has; what goes on longer is nobody's any more. */
const DNS = { timeout: 2_000, tries: 2 };

/** What is wrong with an environment, over several variables. */
export function egressProblems({ BROKER_URL, UPSTREAM_PROXY_URL, UPSTREAM_PROXY_CREDENTIALS_FILE }: EgressConfig): string[] {
  const problems: string[] = [];
  if (!URL.canParse(BROKER_URL) || new URL(BROKER_URL).protocol !== 'https:') problems.push('BROKER_URL must be an https URL');
  if (UPSTREAM_PROXY_URL === undefined && UPSTREAM_PROXY_CREDENTIALS_FILE !== undefined) {
    problems.push('UPSTREAM_PROXY_CREDENTIALS_FILE is for UPSTREAM_PROXY_URL, which is not set');
  }
  return problems;
}

/** Everything is open before anything listens. What others have to bring, as the broker, may come later. */
export async function startEgress({ config, log, registry }: RoleContext<typeof EGRESS_ENV>, given: GivenNetwork = {}): Promise<StartedRole> {
  const problemOf = await openDestinations(config.DESTINATIONS_FILE);
  const authorities = await openUpstreamAuthorities(config.UPSTREAM_CA_FILE, log);
  const { BROKER_URL: url, BROKER_CA_FILE: caFile, BROKER_TOKEN_FILE: tokenFile } = config;
  const broker = brokerClient({ url, caFile, tokenFile, clock: steadyClock });
  const ask = ({ token, clientAddress, host, port }: Parameters<Verdicts['verdict']>[0]) => broker.validate({ egressToken: token, clientAddress, host, port });
  const verdicts = new Verdicts({ ask, isRefusal, clock: steadyClock, after });
  const resolver = new Resolver({ lookup: given.lookup ?? dnsLookup(new DnsResolver(DNS)), problemOf, clock: steadyClock, after });
  const upstreamTls = new UpstreamTls({ authorities: authorities.current, clock: steadyClock, after });
  let trust: EgressTrust;
  try {
    trust = await openEgressTrust(config, { added: authorities.current, log });
  } catch (error) {
    authorities.close();
    await broker.close();
    throw error;
  }
  let isDraining = false;
  const listeners = egressListeners({
    gate: openGate({ verdicts, way: given.way?.(resolver) ?? wayOut(config, resolver) }),
    caps: new RunCaps({ connections: config.CONNECTIONS_PER_RUN, perSecond: config.REQUESTS_PER_SECOND, clock: steadyClock }),
    forward: forwarder({ broker, draining: () => isDraining, after }),
    reports: openReports({ log, metrics: new EgressMetrics(registry), clock: steadyClock, newId: requestIds() }),
    leaves: trust.leaves,
    dial: async (leave, { host, port }, secure) => {
      const socket = await leave.dial();
      return secure ? upstreamTls.secured(socket, host, port) : socket;
    },
    inspectAll: config.INSPECT === 'always',
    verdicts,
    clock: steadyClock,
    after,
    log,
    drain: () => { isDraining = true; },
  });
  return {
    servers: serversOf(config, listeners),
    unready: () => trust.problem(),
    close: async () => {
      trust.close();
      authorities.close();
      await broker.close();
    },
  };
}

function wayOut({ UPSTREAM_PROXY_URL: url, UPSTREAM_PROXY_CREDENTIALS_FILE: credentialsFile }: EgressConfig, resolver: Resolver): WayOut {
  return url === undefined ? directWay({ resolver, after }) : proxyWay({ url, credentialsFile, resolver, after });
}

function serversOf(config: EgressConfig, { proxy, baseUrl, fence }: ReturnType<typeof egressListeners>): RoleServer[] {
  return [
    { name: 'proxy', app: proxy, listen: config.EGRESS_LISTEN },
    { name: 'base-url', app: baseUrl, listen: config.EGRESS_BASE_URL_LISTEN },
    ...(config.EGRESS_FENCE_LISTEN === undefined ? [] : [{ name: 'fence', app: fence, listen: config.EGRESS_FENCE_LISTEN }]),
  ];
}
