import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { TestAuthority } from './authority';
import { CatalogChanges, catalogDocuments, CredentialName, RunId } from './catalog';
import { buildBroker } from '../../../../sidecar/src/broker/app';
import { AuditLog } from '../../../../sidecar/src/broker/audit/log/log';
import type { BrokerDeps } from '../../../../sidecar/src/broker/broker-deps';
import type { EgressClaims } from '../../../../sidecar/src/broker/egress-proofs/egress-token';
import { BrokerMetrics } from '../../../../sidecar/src/broker/metrics';
import { httpsClient } from '../../../../sidecar/src/broker/providers/https-client';
import { providersOf } from '../../../../sidecar/src/broker/providers/registry';
import { openDirectoryWorld } from '../../../../sidecar/src/broker/worlds/world-directory';
import { seal } from '../../../../sidecar/src/crypto/sealed-token';
import { readEnvironment } from '../../../../sidecar/src/server/program/config';
import { createRegistry } from '../../../../sidecar/src/server/telemetry/metrics';
import { RUN_HEADER, RUN_NAMESPACE_HEADER } from '../../../../src/protocol/broker-api';
import { BROKER_ENV } from '../../../../src/protocol/env';
import { file } from '../../broker/documents';
import { capturedLog } from '../../server/frame';

/** Tokens of the callers file. */
const CALLERS = {
  egress: { token: 'token-of-the-egress-proxy', serviceAccount: 'egress', capabilities: ['validate-egress', 'substitute-auth'] },
  operator: { token: 'token-of-the-operator-00', serviceAccount: 'operator', capabilities: ['issue', 'issue-egress', 'revoke'] },
} as const;

const OFTEN = { perSecond: 10_000, burst: 20_000 };

/** What a test does to the broker's answers to the proxy. */
export interface BrokerFaults {
  /** Never answers. */
  hangs?: boolean;
  /** Sends this text in place of each answer. */
  says?: string;
  /** Closes each connection on which it is asked. */
  resets?: boolean;
  /** Seconds for which its verdicts count, in place of its own. */
  validForSeconds?: number;
}

/** The broker as it runs without cluster, with its catalog, audit log and keys in files, behind TLS. */
export class RealBroker {
  static async start(folder: string, authority: TestAuthority): Promise<RealBroker> {
    const place = (name: string): string => join(folder, name);
    mkdirSync(place('catalog'), { recursive: true });
    writeFileSync(place('catalog/all.yaml'), file(...catalogDocuments()));
    const callers = Object.values(CALLERS).map(({ token, ...caller }) => [token, { namespace: 'platform', ...caller }]);
    writeFileSync(place('callers.json'), JSON.stringify(Object.fromEntries(callers)), { mode: 0o600 });
    writeFileSync(place('egress-token'), CALLERS.egress.token);
    const config = readEnvironment(BROKER_ENV, { CATALOG: 'directory', CATALOG_DIR: place('catalog'), CALLERS_FILE: place('callers.json'), STATE_DIR: place('state') });
    const { log, text } = capturedLog('trace');
    const clock = Date.now;
    const world = await openDirectoryWorld(config, { log, clock, metrics: new BrokerMetrics(createRegistry('broker')) });
    const audit = await AuditLog.open({ folder: place('state/audit'), replica: 'broker', clock });
    const providers = providersOf({ http: httpsClient(), slots: world.slots, clock });
    const limits = { issue: OFTEN, issueEgress: OFTEN, validate: OFTEN, substitute: OFTEN, recorded: OFTEN, refusals: OFTEN, reviews: OFTEN };
    const pair = await authority.serving('localhost');
    const tls = { cert: Buffer.from(pair.cert), key: Buffer.from(pair.key) };
    const app = buildBroker({ ...world, providers, audit, clock, log, limits }, { tls });
    const broker = new RealBroker(app, world, folder, text, async () => {
      await app.close();
      await audit.close();
      await world.close();
    });
    broker.interfere();
    await app.listen({ host: '127.0.0.1', port: 0 });
    return broker;
  }

  readonly faults: BrokerFaults = {};

  private constructor(
    private readonly app: FastifyInstance, private readonly parts: Pick<BrokerDeps, 'catalog' | 'keyring'>, private readonly folder: string,
    /** Everything that it logged. */
    readonly logged: () => string,
    readonly close: () => Promise<void>,
  ) {}

  get url(): string {
    return `https://localhost:${(this.app.server.address() as AddressInfo).port}`;
  }

  /** With the token by which it knows the proxy. */
  get tokenFile(): string {
    return join(this.folder, 'egress-token');
  }

  runToken(run: RunId): Promise<string> {
    return this.valueOf('issue-egress', run, {});
  }

  bearer(run: RunId, name: CredentialName): Promise<string> {
    return this.valueOf('issue', run, { name });
  }

  async revoke(run: RunId, name: CredentialName): Promise<void> {
    const { leaseId } = await this.asOperator('issue', run, { name });
    await this.asOperator('revoke', run, { leaseId, provider: name === 'anthropic' ? 'AnthropicAPI' : 'UserSuppliedSecret' });
  }

  /** Writes the catalog anew; it counts once the broker has noticed. */
  catalog(changes: CatalogChanges = {}): void {
    writeFileSync(join(this.folder, 'catalog/all.yaml'), file(...catalogDocuments(changes)));
  }

  phaseOf(run: RunId): string | undefined {
    return this.parts.catalog.snapshot().run('team-a', run)?.phase;
  }

  /** Names of those that it knows now. */
  policies(): readonly string[] {
    return this.parts.catalog.snapshot().policies('team-a').map(({ name }) => name);
  }

  /** A token that was one of the run until a moment ago. */
  expiredToken(run: RunId): string {
    const runUid = this.parts.catalog.snapshot().run('team-a', run)!.uid;
    const claims: EgressClaims = { v: 1, namespace: 'team-a', run, runUid, notAfter: Date.now() - 1 };
    return seal(this.parts.keyring, 'egress', claims);
  }

  mend(): void {
    for (const fault of Object.keys(this.faults) as (keyof BrokerFaults)[]) delete this.faults[fault];
  }

  private async valueOf(endpoint: string, run: RunId, body: object): Promise<string> {
    return String((await this.asOperator(endpoint, run, body)).value);
  }

  private async asOperator(endpoint: string, run: RunId, payload: object): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${CALLERS.operator.token}`, [RUN_HEADER]: run, [RUN_NAMESPACE_HEADER]: 'team-a' };
    const answer = await this.app.inject({ method: 'POST', url: `/v1/${endpoint}`, headers, payload });
    if (answer.statusCode >= 300) throw new Error(`${endpoint} was answered with ${answer.body}`);
    return answer.statusCode === 204 ? {} : answer.json();
  }

  private interfere(): void {
    const { app, faults } = this;
    const isOfProxy = (authorization: unknown): boolean => authorization === `Bearer ${CALLERS.egress.token}`;
    app.addHook('onRequest', ({ headers, raw }, _reply, done) => {
      if (!isOfProxy(headers.authorization) || (faults.hangs !== true && faults.resets !== true)) return done();
      if (faults.resets === true) raw.socket.destroy();
    });
    app.addHook('onSend', async ({ headers }, _reply, payload) => {
      if (!isOfProxy(headers.authorization)) return payload;
      const { says, validForSeconds } = faults;
      return says ?? (validForSeconds === undefined ? payload : String(payload).replace(/"validForSeconds":\d+/, `"validForSeconds":${validForSeconds}`));
    });
  }
}
