import type { KeyObject } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { sealSecret } from '../../../sidecar/src/crypto/envelope';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { buildGateway } from '../../../sidecar/src/gateway/app';
import type { ControllerAnswer, ControllerRequest } from '../../../sidecar/src/gateway/controller-client';
import type { Entrance, GatewayDeps } from '../../../sidecar/src/gateway/deps';
import type { LogLevel } from '../../../sidecar/src/server/telemetry/log';
import { after } from '../../../sidecar/src/server/time/timers';
import { MemorySessionStore } from '../../../sidecar/src/store/memory';
import type { SessionEntryPoint, SessionRecord } from '../../../src/protocol/session-record';
import { capturedLog, type CapturedLog } from '../server/frame';
import { SESSION_KEY } from '../session/build-session';

export const ID = '5f1d5a0e-0b62-4b0b-9a3c-111111111111';
export const BASE = '/v1/namespaces/team-a/code-interpreters/python/invocations';

export interface World {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly store: MemorySessionStore;
  readonly asked: ControllerRequest[];
  readonly log: CapturedLog;
  /** Requests that are let in now. */
  readonly open: () => number;
  /** Writes a session whose worker listens on the port of this machine. */
  session(port: number, changes?: Partial<SessionRecord>, key?: KeyObject): Promise<SessionRecord>;
  /** Moves its worker, as a recovery does. */
  move(id: string, port: number): Promise<void>;
}

export interface WorldOptions extends Partial<GatewayDeps> {
  readonly level?: LogLevel;
  readonly controls?: (request: ControllerRequest, world: World) => Promise<ControllerAnswer>;
}

const opened: FastifyInstance[] = [];

export async function closeWorlds(): Promise<void> {
  await Promise.all(opened.splice(0).map((app) => app.close()));
}

/** A gateway on a port of this machine, and everything that it needs. Everybody is the owner that the header x-test-owner names, alice without. */
export async function gateway({ controls, level = 'debug', ...more }: WorldOptions = {}): Promise<World> {
  const clock = more.clock ?? Date.now;
  const keyring = memoryKeyring(clock);
  const store = new MemorySessionStore(clock);
  const log = capturedLog(level);
  const asked: ControllerRequest[] = [];
  let open = 0;
  const entrance: Entrance = {
    authenticate: ({ headers }) => ({ owner: String(headers['x-test-owner'] ?? 'alice'), admin: headers['x-test-admin'] !== undefined, key: 'test' }),
    enter: () => {
      let held = true;
      open++;
      return { end: () => { if (held) open--; held = false; } };
    },
  };
  const world = {} as { -readonly [Field in keyof World]: World[Field] };
  const ask = async (request: ControllerRequest): Promise<ControllerAnswer> => {
    asked.push(request);
    if (controls === undefined) throw new Error(`nobody expects ${request.method} ${request.path}`);
    return controls(request, world);
  };
  const app = buildGateway({
    entrance, store, keyring, controller: { ask, close: async () => undefined }, clock, after, log: log.log, unready: () => undefined, ...more,
  });
  opened.push(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  Object.assign(world, {
    app,
    port: (app.server.address() as AddressInfo).port,
    store,
    asked,
    log,
    open: () => open,
    session: async (port: number, changes: Partial<SessionRecord> = {}, key: KeyObject = SESSION_KEY.privateKey) => {
      const id = changes.id ?? ID;
      const now = clock();
      const session: Omit<SessionRecord, 'sealedKey'> = {
        schema: 1,
        id,
        kind: 'code-interpreter',
        namespace: 'team-a',
        name: 'python',
        owner: 'alice',
        phase: 'ready',
        createdAt: now,
        expiresAt: now + 3_600_000,
        idleTimeout: 900_000,
        worker: workerAt(port),
        ...changes,
      };
      const record: SessionRecord = { sealedKey: sealSecret(keyring, key.export({ type: 'pkcs8', format: 'pem' }).toString(), session, 'key'), ...session };
      await store.put(record, 0);
      return record;
    },
    move: async (id: string, port: number) => {
      const { record, version } = (await store.get(id))!;
      await store.put({ ...record, worker: workerAt(port) }, version);
    },
  });
  return world;
}

/** A gateway with a session whose worker listens on the port of this machine. */
export async function gatewayBefore(port: number, options?: WorldOptions): Promise<World> {
  const world = await gateway(options);
  await world.session(port);
  return world;
}

export function workerAt(port: number, entryPoints: readonly SessionEntryPoint[] = [{ path: '/', protocol: 'HTTP', port }]) {
  return { pool: 'python', podName: 'python-0', podUid: 'uid-0', podIP: '127.0.0.1', entryPoints };
}
