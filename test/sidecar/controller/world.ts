import { randomUUID } from 'node:crypto';
import { FakeWorkers } from './fake-workers';
import { Faults } from './faults';
import { UNHURRIED } from './handshake-world';
import { buildController } from '../../../sidecar/src/controller/app';
import type { CallerReview, ControllerCaller } from '../../../sidecar/src/controller/auth/caller';
import { Background } from '../../../sidecar/src/controller/background';
import { BrokerFailure, Credential, SessionBroker } from '../../../sidecar/src/controller/broker-client';
import type { ControllerDeps } from '../../../sidecar/src/controller/controller-deps';
import { ControllerMetrics } from '../../../sidecar/src/controller/metrics';
import { poolsIn } from '../../../sidecar/src/controller/pools/pool-entries';
import { reaperOver } from '../../../sidecar/src/controller/reaper/reaper';
import { ProviderError } from '../../../sidecar/src/controller/worker-provider';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { createLogger } from '../../../sidecar/src/server/telemetry/log';
import { createRegistry } from '../../../sidecar/src/server/telemetry/metrics';
import { MemorySessionStore } from '../../../sidecar/src/store/memory';
import { StoreError } from '../../../sidecar/src/store/store-error';
import type { RevokedSession, SessionSubject } from '../../../src/protocol/broker-api';
import { BOOTSTRAP, NOW } from '../session/build-session';

export const GATEWAY_TOKEN = 'token-of-the-gateway';
export const DIRECT_TOKEN = 'token-of-somebody-in-team-a';

const CALLERS: Readonly<Record<string, ControllerCaller>> = {
  [GATEWAY_TOKEN]: { namespace: 'platform', serviceAccount: 'gateway', onBehalf: true, namespaces: new Set(['platform']) },
  [DIRECT_TOKEN]: { namespace: 'team-a', serviceAccount: 'sdk', onBehalf: false, namespaces: new Set(['team-a']) },
};

export const POOLS = [
  { namespace: 'team-a', name: 'python', maxSessionSeconds: 3600, idleSeconds: 900 },
  { namespace: 'team-a', name: 'online', maxSessionSeconds: 7200, idleSeconds: 900, template: 'web' },
  { namespace: 'team-b', name: 'python', maxSessionSeconds: 3600, idleSeconds: 900 },
];

export interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly headers: Readonly<Record<string, unknown>>;
}

export type Headers = Readonly<Record<string, string | undefined>>;

export const ALICE: Headers = { 'authorization': `Bearer ${GATEWAY_TOKEN}`, 'x-agent-platform-owner': 'alice' };
export const BOB: Headers = { ...ALICE, 'x-agent-platform-owner': 'bob' };
export const ADMIN: Headers = { 'authorization': `Bearer ${GATEWAY_TOKEN}`, 'x-agent-platform-admin': 'true' };
export const DIRECT: Headers = { authorization: `Bearer ${DIRECT_TOKEN}` };

/** A broker that remembers. */
export class FakeBroker implements SessionBroker {
  readonly issued: SessionSubject[] = [];
  readonly credentials: string[] = [];
  readonly revoked: RevokedSession[] = [];

  async issue(session: SessionSubject): Promise<string> {
    this.issued.push(session);
    return `pdk-egress-canary.${session.id}`;
  }

  async credential(name: string, egressToken: string): Promise<Credential> {
    this.credentials.push(`${name} ${egressToken}`);
    return { value: `pdk-canary-${name}`, deliveryMode: 'ProxyInjected' };
  }

  async revoke(session: RevokedSession): Promise<void> {
    this.revoked.push(session);
  }
}

/** A controller over a world in memory, with one pool of `workers` and everything that it logged and answered. */
export function controllerOver({ workers = 1, ...more }: Partial<ControllerDeps> & { readonly workers?: number } = {}) {
  const world = { now: NOW * 1000, leading: true, unknownCallers: false };
  const clock = () => world.now;
  const output: string[] = [];
  const timers = new Set<() => void>();
  const faults = new Faults();
  const provider = new FakeWorkers(clock);
  for (const { namespace, name } of POOLS) provider.add(namespace, name, workers);
  const store = new MemorySessionStore(clock);
  const broker = new FakeBroker();
  const callers: CallerReview = {
    review: async (token) => {
      if (world.unknownCallers) throw new Error('the API server is away');
      return CALLERS[token];
    },
  };
  const registry = createRegistry('controller');
  const deps: ControllerDeps = {
    store: faults.around('store', store, () => new StoreError('Unavailable', 'no answer')),
    provider: faults.around('provider', provider, () => new ProviderError('Unavailable', 'no answer')),
    keys: { sealing: memoryKeyring(clock), bootstrap: () => ({ privateKey: BOOTSTRAP.privateKey, kid: 'boot-1' }), problem: () => undefined, close: async () => {} },
    pools: () => poolsIn('test', JSON.stringify({ pools: POOLS })),
    callers,
    broker: faults.around('broker', broker, () => new BrokerFailure('Unavailable', 'no answer')),
    proxyUrl: () => undefined,
    claimMilliseconds: 10_000,
    clock,
    after: (_ms, run) => {
      timers.add(run);
      return () => timers.delete(run);
    },
    wait: (_ms, signal) => new Promise((resolve, reject) => setImmediate(() => signal.aborted ? reject(signal.reason) : resolve())),
    randomId: randomUUID,
    background: new Background(),
    metrics: new ControllerMetrics(registry),
    log: createLogger({ role: 'controller', level: 'trace', destination: { write: (line: string) => void output.push(line) }, clock }),
    handshakeTimes: UNHURRIED,
    ...more,
  };
  const app = buildController(deps);
  const reaper = reaperOver(deps, () => world.leading);

  async function send(method: 'GET' | 'POST' | 'DELETE', url: string, body?: unknown, headers: Headers = ALICE): Promise<Answer> {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const all = { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers };
    const defined = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, string>;
    const answer = await app.inject({ method, url, payload, headers: defined });
    output.push(answer.body);
    return { status: answer.statusCode, body: answer.body === '' ? undefined : JSON.parse(answer.body), headers: answer.headers };
  }

  return {
    world,
    deps,
    app,
    store,
    provider,
    broker,
    faults,
    output,
    timers,
    send,
    registry,
    tick: () => reaper.tick(),
    settled: () => deps.background.settled(),
    /** Fires every timer that is set. */
    fire: () => [...timers].forEach((run) => run()),
    create: (body: object = {}, headers: Headers = ALICE) => send('POST', '/v1/code-interpreter', { namespace: 'team-a', name: 'python', ...body }, headers),
    records: async () => (await store.list({}, { limit: 100 })).sessions,
  };
}

export type TestController = ReturnType<typeof controllerOver>;
