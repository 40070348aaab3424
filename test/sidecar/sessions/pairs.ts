import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { GatewayClient, POOL } from './client';
import { LocalWorkers } from './local-workers';
import { buildController } from '../../../sidecar/src/controller/app';
import { Background } from '../../../sidecar/src/controller/background';
import type { ControllerDeps } from '../../../sidecar/src/controller/controller-deps';
import { ControllerMetrics } from '../../../sidecar/src/controller/metrics';
import { poolsIn } from '../../../sidecar/src/controller/pools/pool-entries';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { buildGateway } from '../../../sidecar/src/gateway/app';
import { controllerClient } from '../../../sidecar/src/gateway/controller-client';
import { createRegistry } from '../../../sidecar/src/server/telemetry/metrics';
import { after } from '../../../sidecar/src/server/time/timers';
import { openStore, OpenStore } from '../../../sidecar/src/store/open-store';
import { parseStoreUrl } from '../../../sidecar/src/store/store-url';
import { capturedLog } from '../server/frame';
import { BOOTSTRAP } from '../session/build-session';
import { eventually, TIMES } from '../store/servers';

const TOKEN = 'token-of-the-gateway';
const CALLER = { namespace: 'platform', serviceAccount: 'gateway', onBehalf: true, namespaces: new Set<string>() };
const POOLS = poolsIn('test', JSON.stringify({ pools: [{ ...POOL, maxSessionSeconds: 3600, idleSeconds: 900 }] }));

/**
 * Two controllers and two gateways in this process, each with a connection of its own to one store, over workers that
 * both controllers have. The authorization of a request is who it is of.
 */
export class Pairs {
  static async open(storeUrl: string, folder: string): Promise<Pairs> {
    writeFileSync(join(folder, 'token'), TOKEN);
    const pairs = new Pairs(storeUrl, join(folder, 'token'));
    for (const at of [0, 1]) pairs.gatewayPorts.push(await pairs.gateway(await pairs.controller(at)));
    await eventually(async () => pairs.stores.every((store) => store.problem() === undefined) ? true : undefined);
    return pairs;
  }

  readonly workers = new LocalWorkers();
  private readonly keyring = memoryKeyring(Date.now);
  private readonly stores: OpenStore[] = [];
  private readonly apps: FastifyInstance[] = [];
  private readonly gatewayPorts: number[] = [];

  private constructor(private readonly storeUrl: string, private readonly tokenFile: string) {}

  as(who: string, gateway: number): GatewayClient {
    return new GatewayClient(`127.0.0.1:${this.gatewayPorts[gateway]}`, who);
  }

  async close(): Promise<void> {
    for (const app of this.apps.reverse()) await app.close();
    await this.workers.close();
    await Promise.all(this.stores.map((store) => store.close()));
  }

  private async controller(at: number): Promise<number> {
    const deps: ControllerDeps = {
      store: this.store(),
      provider: this.workers,
      keys: { sealing: this.keyring, bootstrap: () => ({ privateKey: BOOTSTRAP.privateKey, kid: 'boot-1' }), problem: () => undefined, close: async () => undefined },
      pools: () => POOLS,
      callers: { review: async (token) => token === TOKEN ? CALLER : undefined },
      proxyUrl: () => undefined,
      claimMilliseconds: 10_000,
      clock: Date.now,
      after,
      wait: async (milliseconds, signal) => sleep(milliseconds / 10, undefined, { signal }),
      randomId: randomUUID,
      background: new Background(),
      metrics: new ControllerMetrics(createRegistry(`controller-${at}`)),
      log: capturedLog('fatal').log,
    };
    return this.listen(buildController(deps));
  }

  private async gateway(controller: number): Promise<number> {
    const { log } = capturedLog('fatal');
    return this.listen(buildGateway({
      entrance: {
        authenticate: ({ headers }) => ({ owner: headers.authorization!.replace('Bearer ', ''), admin: false, key: 'test' }),
        enter: () => ({ end: () => undefined }),
      },
      store: this.store(),
      keyring: this.keyring,
      controller: controllerClient({ url: `http://127.0.0.1:${controller}`, tokenFile: this.tokenFile, log }),
      clock: Date.now,
      after,
      log,
      unready: () => undefined,
    }));
  }

  private store() {
    const open = openStore(parseStoreUrl(this.storeUrl), { clock: Date.now, times: TIMES });
    this.stores.push(open);
    return open.store;
  }

  private async listen(app: FastifyInstance): Promise<number> {
    this.apps.push(app);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return (app.server.address() as AddressInfo).port;
  }
}
