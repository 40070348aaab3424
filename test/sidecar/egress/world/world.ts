import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, ProxyPlace } from './agent';
import { TestAuthority } from './authority';
import { CREDENTIALS } from './catalog';
import { RealBroker } from './real-broker';
import { surrogatesIn } from './surrogates';
import { Upstreams } from './upstreams';
import type { WireAnswer } from './wire';
import * as selfMade from '../../../../sidecar/src/crypto/self-made-certificate';
import { startEgress } from '../../../../sidecar/src/egress/start';
import { openFolderTrust } from '../../../../sidecar/src/egress/trust/open-folder-trust';
import type { TrustContext } from '../../../../sidecar/src/egress/trust/open-trust';
import { readEnvironment } from '../../../../sidecar/src/server/program/config';
import { openRole, OpenRole } from '../../../../sidecar/src/server/program/role';
import { after } from '../../../../sidecar/src/server/time/timers';
import { ADMIN_PATHS } from '../../../../src/protocol/admin-api';
import { EGRESS_CODE_HEADER, EGRESS_STATUS, type EgressCode } from '../../../../src/protocol/egress-api';
import { EGRESS_ENV } from '../../../../src/protocol/env';
import { eventually, tempFolder } from '../../../helpers/temp-folder';
import { CapturedLog, capturedLog } from '../../server/frame';

// Jest cannot load a module late; everything else is as in the program.
jest.mock('../../../../sidecar/src/egress/world', () => ({
  openEgressTrust: async (config: { readonly STATE_DIR: string }, given: Pick<TrustContext, 'added' | 'log'>) => openFolderTrust({
    ...given, load: async () => selfMade, clock: Date.now, after, random: Math.random, stateDir: config.STATE_DIR, proxyUrl: 'http://127.0.0.1:15001',
  }),
}));

/** A broker, upstreams and a proxy between them and two agents, for the tests of a file. */
export class EgressWorld {
  broker!: RealBroker;
  upstreams!: Upstreams;
  /** Of the upstreams. */
  authority!: TestAuthority;
  place!: ProxyPlace;
  one!: Agent;
  two!: Agent;
  readonly log: CapturedLog = capturedLog('trace');
  /** What a test has open besides; closed before the proxy is looked at. */
  readonly clients: { destroy(): unknown }[] = [];
  private proxy!: OpenRole;

  async open(folder: string, changes: Readonly<Record<string, string>>): Promise<void> {
    const [internet, platform] = await Promise.all([TestAuthority.make('upstreams of the tests'), TestAuthority.make('platform of the tests')]);
    this.authority = internet;
    this.upstreams = await Upstreams.start(internet);
    this.broker = await RealBroker.start(join(folder, 'broker'), platform);
    const place = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    mkdirSync(join(folder, 'egress'));
    const config = readEnvironment(EGRESS_ENV, {
      EGRESS_LISTEN: '127.0.0.1:0',
      EGRESS_BASE_URL_LISTEN: '127.0.0.1:0',
      EGRESS_FENCE_LISTEN: '127.0.0.1:0',
      ADMIN_LISTEN: '127.0.0.1:0',
      BROKER_URL: this.broker.url,
      BROKER_CA_FILE: place('broker-ca.pem', platform.cert),
      BROKER_TOKEN_FILE: this.broker.tokenFile,
      TRUST: 'directory',
      STATE_DIR: join(folder, 'egress'),
      UPSTREAM_CA_FILE: place('upstream-ca.pem', internet.cert),
      ...changes,
    });
    const { lookup, way } = this.upstreams;
    const start = (context: Parameters<typeof startEgress>[0]) => startEgress(context, { lookup, way });
    this.proxy = await openRole({ role: 'egress', table: EGRESS_ENV, start }, config, this.log.log, async () => undefined);
    const { addresses } = this.proxy;
    const bundleFile = join(folder, 'egress', 'trust', 'ca-bundle.pem');
    const ports = { proxy: portOf(addresses.proxy), baseUrl: portOf(addresses['base-url']), fence: portOf(addresses.fence) };
    this.place = { ports, bundleFile, bundle: readFileSync(bundleFile, 'utf8') };
    this.one = await Agent.of('r1', this.broker, this.place);
    this.two = await Agent.of('r2', this.broker, this.place);
  }

  /** As a signal does it. */
  async stop(): Promise<void> {
    await this.proxy?.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.upstreams?.close();
    await this.broker?.close();
  }

  /** Nobody was connected to, and nobody was asked for an address. */
  expectUntouched(): void {
    expect([this.upstreams.dialled, this.upstreams.seen, this.upstreams.asked]).toEqual([[], [], []]);
  }

  expectRefusal({ status, headers, body }: WireAnswer, code: EgressCode, wanted: number = EGRESS_STATUS[code][0]): void {
    expect([status, headers[EGRESS_CODE_HEADER], JSON.parse(body)]).toEqual([wanted, code, { code, message: expect.any(String) }]);
  }

  /** What holds after every test: no upstream has a surrogate, no log a secret, and nothing is left open. */
  async expectRest(): Promise<void> {
    this.one.hangUp();
    this.two.hangUp();
    await Promise.all(this.clients.splice(0).map((client) => client.destroy()));
    await eventually(() => this.upstreams.open === 0);
    await this.untilOpen(0);
    expect(surrogatesIn(this.upstreams.text)).toEqual([]);
    const logged = this.log.text() + this.broker.logged();
    const secrets = [...Object.values(CREDENTIALS), ...[this.one, this.two].flatMap(({ token, bearers }) => [token, ...Object.values(bearers)])];
    for (const secret of secrets) expect(logged).not.toContain(secret);
    expect(this.log.lines().filter(({ level }) => level === 'fatal')).toEqual([]);
  }

  /** Waits until the proxy says that so many connections and requests are open. */
  async untilOpen(wanted: number): Promise<void> {
    let open = await this.metric('egress_open_connections');
    for (let attempt = 0; attempt < 1_000 && open !== wanted; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      open = await this.metric('egress_open_connections');
    }
    expect(open).toBe(wanted);
  }

  private async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://${this.proxy.addresses.admin}${ADMIN_PATHS.metrics}`)).text();
    return Number(new RegExp(`^${name}{[^}]*} (\\S+)$`, 'm').exec(text)?.[1]);
  }
}

/** Opens a world before the tests of a file; each one ends with everything at rest. */
export function egressWorld(changes: Readonly<Record<string, string>> = {}): EgressWorld {
  const world = new EgressWorld();
  const folder = tempFolder();
  beforeAll(() => world.open(folder, changes), 60_000);
  afterEach(async () => {
    await world.expectRest();
    world.upstreams.reset();
    world.broker.mend();
  });
  afterAll(() => world.close());
  return world;
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}
