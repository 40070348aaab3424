import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildBroker } from '../../../../../sidecar/src/broker/app';
import { AuditLog } from '../../../../../sidecar/src/broker/audit/log/log';
import { BrokerMetrics } from '../../../../../sidecar/src/broker/metrics';
import { httpsClient } from '../../../../../sidecar/src/broker/providers/https-client';
import { providersOf } from '../../../../../sidecar/src/broker/providers/registry';
import { openDirectoryWorld } from '../../../../../sidecar/src/broker/worlds/world-directory';
import { brokerClient, RunBroker } from '../../../../../sidecar/src/operator/broker-client';
import { readEnvironment } from '../../../../../sidecar/src/server/program/config';
import { createRegistry } from '../../../../../sidecar/src/server/telemetry/metrics';
import { BROKER_ENV } from '../../../../../src/protocol/env';
import { file } from '../../../broker/documents';
import { selfSigned } from '../../../server/certificate';
import { capturedLog } from '../../../server/frame';

const TOKEN = 'token-of-the-operator-00';

/** The broker without cluster, behind TLS, and the operator's client of it. */
export interface LeaseBroker {
  readonly client: RunBroker;
  /** Everything that it logged. */
  readonly logged: () => string;
  /** Whether its catalog shows the run so. */
  readonly phase: () => string | undefined;
  /** Writes the catalog anew; it counts once the broker has noticed. */
  readonly write: (documents: readonly object[]) => void;
  readonly close: () => Promise<void>;
}

export interface LeaseBrokerOptions {
  readonly folder: string;
  readonly clock: () => number;
  readonly documents: readonly object[];
}

/** With the limits of requests that it has in the field. */
export async function startLeaseBroker({ folder, clock, documents }: LeaseBrokerOptions): Promise<LeaseBroker> {
  const place = (name: string): string => join(folder, name);
  const write = (all: readonly object[]) => writeFileSync(place('catalog/all.yaml'), file(...all));
  mkdirSync(place('catalog'), { recursive: true });
  write(documents);
  const operator = { namespace: 'platform', serviceAccount: 'operator', capabilities: ['issue', 'issue-egress', 'renew', 'revoke'] };
  writeFileSync(place('callers.json'), JSON.stringify({ [TOKEN]: operator }), { mode: 0o600 });
  writeFileSync(place('token'), TOKEN);
  const { cert, key } = selfSigned('broker');
  writeFileSync(place('ca.crt'), cert);
  const config = readEnvironment(BROKER_ENV, { CATALOG: 'directory', CATALOG_DIR: place('catalog'), CALLERS_FILE: place('callers.json'), STATE_DIR: place('state') });
  const { log, text } = capturedLog('trace');
  const world = await openDirectoryWorld(config, { log, clock, metrics: new BrokerMetrics(createRegistry('broker')) });
  const audit = await AuditLog.open({ folder: place('state/audit'), replica: 'broker', clock });
  const providers = providersOf({ http: httpsClient(), slots: world.slots, clock });
  const app = buildBroker({ ...world, providers, audit, clock, log }, { tls: { cert: Buffer.from(cert), key: Buffer.from(key) } });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `https://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return {
    client: brokerClient({ url, caFile: place('ca.crt'), tokenFile: place('token') }),
    logged: text,
    phase: () => world.catalog.snapshot().run('team-a', 'r1')?.phase,
    write,
    close: async () => {
      await app.close();
      await audit.close();
      await world.close();
    },
  };
}
