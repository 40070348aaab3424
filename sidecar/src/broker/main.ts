import { join } from 'node:path';
import { buildBroker } from './app';
import { AuditLog } from './audit/log/log';
import { publishAnchors } from './audit/shipping/anchors';
import { shipCursors } from './audit/shipping/ship-lanes';
import { startShipping } from './audit/shipping/shipping';
import type { BrokerLimits, Rate } from './broker-deps';
import { shedLoad } from './load-shedding';
import { measuredAudit, measureRequests } from './measured';
import { BrokerMetrics } from './metrics';
import { httpsClient } from './providers/https-client';
import { providersOf } from './providers/registry';
import { openDirectoryWorld } from './worlds/world-directory';
import { apiProblems, openKubernetesWorld } from './worlds/world-kubernetes';
import { BROKER_ENV } from '../../../src/protocol/env';
import { followTls, readKeyPair } from '../server/http/tls';
import { Config, plainHttpProblems } from '../server/program/config';
import { Role, RoleContext, runRole, StartedRole } from '../server/program/lifecycle';
import { RequestMetrics } from '../server/telemetry/metrics';
import { after } from '../server/time/timers';

/** Name of the audit stream where there is only one replica. */
const ONLY_REPLICA = 'broker';

const BROKER: Role<typeof BROKER_ENV> = {
  role: 'broker',
  table: BROKER_ENV,
  check: (config) => [
    ...apiProblems(config),
    ...(config.TLS_SELF_MADE ? selfMadeProblems(config) : plainHttpProblems('BROKER_LISTEN', config.BROKER_LISTEN, config.TLS_DIR)),
  ],
  start,
};

/** Everything is open before anything listens; whatever is missing or malformed stops the start. */
async function start({ config, log, registry }: RoleContext<typeof BROKER_ENV>): Promise<StartedRole> {
  const { STATE_DIR, CATALOG, POD_NAME = ONLY_REPLICA, TLS_DIR, AUDIT_MAX_MEBIBYTES } = config;
  const folder = join(STATE_DIR, 'audit');
  const clock = Date.now;
  const metrics = new BrokerMetrics(registry);
  const mounted = TLS_DIR === undefined ? undefined : await readKeyPair(TLS_DIR);
  const world = await (CATALOG === 'kubernetes' ? openKubernetesWorld : openDirectoryWorld)(config, { log, clock, metrics });
  const { certificate, catalogAge, refusedObjects, shipTo } = world;
  // What is shipped may be removed when room gets scarce; without anywhere to ship to nothing ever is.
  const cursors = shipCursors(folder);
  const limits = AUDIT_MAX_MEBIBYTES === undefined ? {} : { maxTotalBytes: AUDIT_MAX_MEBIBYTES * 1024 * 1024 };
  const audit = await AuditLog.open({ folder, replica: POD_NAME, clock, limits, ...(shipTo && { cursors: Object.values(cursors) }) });
  const shipping = shipTo && startShipping({ ...shipTo, folder, cursors, head: () => audit.heads()[0], observe: metrics.shipping, log, clock });
  const providers = providersOf({ http: httpsClient(), slots: world.slots, clock, observer: metrics.providers });
  const app = buildBroker(
    { ...world, providers, audit: measuredAudit(audit, metrics), clock, log, limits: limitsOf(config) },
    { tls: certificate?.pair ?? mounted, metrics: new RequestMetrics(registry), followLimits: (limitKeys) => metrics.follow({ limitKeys }) },
  );
  shedLoad(app);
  measureRequests(app, metrics);
  metrics.follow({
    catalogAge, refusedObjects, ...(shipping && { shipLag: shipping.lag }), ...(certificate && { certificateExpires: () => certificate.expiresAt }),
  });
  const stopRenewals = followTls(app.server, { certificate, folder: TLS_DIR, log, after, random: Math.random });
  const stopAnchors = publishAnchors({ heads: () => audit.heads(), publish: (anchor) => log.info({ anchor }, 'audit anchor') });
  return {
    servers: [{ name: 'broker', app, listen: config.BROKER_LISTEN }],
    unready: () => world.unready() ?? audit.unready(),
    close: async () => {
      stopRenewals();
      await shipping?.close();
      await stopAnchors();
      await audit.close();
      await world.close();
    },
  };
}

/** Twice the rate at once. */
function limitsOf({ ISSUE_PER_SECOND, VALIDATE_PER_SECOND, SUBSTITUTE_PER_SECOND }: Config<typeof BROKER_ENV>): Partial<BrokerLimits> {
  const rate = (perSecond: number): Rate => ({ perSecond, burst: 2 * perSecond });
  const issue = rate(ISSUE_PER_SECOND);
  return { issue, issueEgress: issue, renew: issue, validate: rate(VALIDATE_PER_SECOND), substitute: rate(SUBSTITUTE_PER_SECOND) };
}

function selfMadeProblems({ TLS_DIR, CATALOG }: Config<typeof BROKER_ENV>): string[] {
  return [
    ...(TLS_DIR === undefined ? [] : ['TLS_SELF_MADE and TLS_DIR exclude each other']),
    ...(CATALOG === 'kubernetes' ? [] : ['TLS_SELF_MADE needs CATALOG=kubernetes: the replicas share the certificate by a Secret']),
  ];
}

void runRole(BROKER);
