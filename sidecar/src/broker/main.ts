import { join } from 'node:path';
import { buildBroker } from './app';
import { publishAnchors } from './audit/anchors';
import { AuditLog } from './audit/log';
import { openCallersFile } from './callers-file';
import { openDirectoryCatalog } from './catalog-directory';
import { providerOf } from './providers/registry';
import { BROKER_ENV } from '../../../src/protocol/env';
import { fileKeyring } from '../crypto/keyring';
import { Config, plainHttpProblems } from '../server/config';
import { Role, RoleContext, runRole, StartedRole } from '../server/lifecycle';
import type { Logger } from '../server/log';
import { RequestMetrics } from '../server/metrics';
import { readKeyPair, useKeyPair, watchKeyPair } from '../server/tls';

type BrokerConfig = Config<typeof BROKER_ENV>;

/** Name of the audit stream where there is only one replica. */
const ONLY_REPLICA = 'broker';

const BROKER: Role<typeof BROKER_ENV> = {
  role: 'broker',
  table: BROKER_ENV,
  check: ({ CATALOG, BROKER_LISTEN, TLS_DIR }) => [
    ...(CATALOG === 'kubernetes' ? ['CATALOG=kubernetes is not supported yet; allowed is CATALOG=directory, with CATALOG_DIR and CALLERS_FILE'] : []),
    ...plainHttpProblems('BROKER_LISTEN', BROKER_LISTEN, TLS_DIR),
  ],
  start,
};

/** Everything is open before anything listens; whatever is missing or malformed stops the start. */
async function start({ config, log, registry }: RoleContext<typeof BROKER_ENV>): Promise<StartedRole> {
  const { STATE_DIR, KEYRING_DIR = join(STATE_DIR, 'keyring'), POD_NAME = ONLY_REPLICA, TLS_DIR } = config;
  const clock = Date.now;
  const tls = TLS_DIR === undefined ? undefined : await readKeyPair(TLS_DIR);
  const catalog = await openCatalog(config, log);
  const callers = await openCallers(config, log);
  const keyring = fileKeyring(KEYRING_DIR, clock);
  const audit = await AuditLog.open({ folder: join(STATE_DIR, 'audit'), replica: POD_NAME, clock });
  const app = buildBroker({ catalog, callers, keyring, providers: providerOf, audit, clock, log }, { tls, metrics: new RequestMetrics(registry) });
  const renewals = TLS_DIR === undefined ? undefined : watchKeyPair({ folder: TLS_DIR, apply: (pair) => useKeyPair(app.server as never, pair), log });
  const stopAnchors = publishAnchors({ heads: () => audit.heads(), publish: (anchor) => log.info({ anchor }, 'audit anchor') });
  return {
    servers: [{ name: 'broker', app, listen: config.BROKER_LISTEN }],
    unready: () => catalog.unready() ?? audit.unready() ?? keyring.problem(),
    close: async () => {
      renewals?.close();
      await stopAnchors();
      await audit.close();
      callers.close();
      await catalog.close();
    },
  };
}

function openCatalog({ CATALOG_DIR }: BrokerConfig, log: Logger) {
  // The table requires it for a catalog from a directory, and there is no other yet.
  return openDirectoryCatalog({
    dir: CATALOG_DIR!,
    read: (catalog) => log.info({ catalog }, 'the catalog was read'),
    refused: (problem) => log.error({ problem }, 'the changed catalog cannot be used; the state from before stays'),
  });
}

function openCallers({ CALLERS_FILE }: BrokerConfig, log: Logger) {
  return openCallersFile({
    file: CALLERS_FILE!,
    refused: (problem) => log.error({ problem }, 'the changed callers file cannot be used; the callers from before stay'),
    warned: (problem) => log.warn({ problem }, 'the callers file is not protected'),
  });
}

void runRole(BROKER);
