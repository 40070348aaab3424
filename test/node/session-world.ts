import { createPublicKey, KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chart, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { forOneNode, localImage } from './one-node';
import { SYSTEM } from './world';
import { httpDaemon } from '../../sidecar/src/controller/daemon-client';
import { Initialized, shakeHands } from '../../sidecar/src/controller/handshake';
import { signToken } from '../../sidecar/src/crypto/signed-token';
import { AgentPlatform, DefinitionsOwner, WorkerPool, WorkerWorkload } from '../../src';
import { LABELS } from '../../src/protocol/names';
import { OBJECTS } from '../../src/protocol/objects';
import { PORTS } from '../../src/protocol/ports';
import { BOOTSTRAP_JWKS, HealthResponse, REQUEST_ISSUER, RequestClaims, SESSION_ROUTES } from '../../src/protocol/session-api';
import { ExecuteResult } from '../../src/protocol/session-work';
import { must } from '../cluster/cli';
import { newKeyPair } from '../helpers/key-pair';
import { Emitted } from '../helpers/manifests';
import { API_SERVER } from '../helpers/platform';

export const TEAM = 'team-a';

/** Of the pool, and of no user in the images. */
export const USER_ID = 4321;

/** The node has two processors for the workers of all tests. */
export const WORKER_RESOURCES = {
  cpu: { request: Cpu.millis(10), limit: Cpu.units(2) },
  memory: { request: Size.mebibytes(64), limit: Size.mebibytes(512) },
};

/** Images of `user-images.sh`, by the name of the pool. */
export const IMAGES = { glibc: 'localhost/user-glibc:1', musl: 'localhost/user-musl:1' } as const;
export type PoolName = keyof typeof IMAGES;

const newPair = () => newKeyPair('ec', { namedCurve: 'P-256' });
const BOOTSTRAP = newPair();

/** A worker of each image as `WorkerPool` emits it, and the key that its daemon trusts, as the controller would publish it. */
export function workerObjects(): Emitted[] {
  const chart = new Chart(Testing.app(), 'workers');
  const platform = new AgentPlatform(chart, 'platform', {
    image: localImage(), apiServer: API_SERVER, namespace: SYSTEM, definitions: DefinitionsOwner.EXTERNAL, egress: { enabled: false },
  });
  const namespace = platform.addNamespace(TEAM);
  for (const [name, user] of Object.entries(IMAGES)) {
    const workload = WorkerWorkload.warmPool({ replicas: 1 });
    new WorkerPool(chart, name, { namespace, image: user, userId: USER_ID, resources: WORKER_RESOURCES, workload });
  }
  const jwk = { ...createPublicKey(BOOTSTRAP.privateKey).export({ format: 'jwk' }), use: 'sig' };
  const trust = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: OBJECTS.agentTrust, namespace: TEAM }, data: { [BOOTSTRAP_JWKS]: JSON.stringify({ keys: [jwk] }) } };
  const served: Emitted[] = Testing.synth(chart).filter(({ kind, metadata }) => kind !== 'StatefulSet' && (kind !== 'Deployment' || metadata.namespace === TEAM));
  return [...served.map(forOneNode), trust];
}

/** The pod of a worker whose init container has no volume to copy to. */
export function podWithoutRoom(name: string): object {
  const { spec } = workerObjects().find(({ kind }) => kind === 'Deployment')!.spec.template;
  const [init] = spec.initContainers;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: TEAM },
    spec: { ...spec, restartPolicy: 'Never', initContainers: [{ ...init, volumeMounts: [] }] },
  };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function podOf(pool: PoolName): any {
  return JSON.parse(must(['get', 'pod', '-n', TEAM, '-l', `${LABELS.pool}=${pool}`, '-o', 'json'])).items[0];
}

/** What a client of a session has: the address of its pod, and the key that the daemon has pinned. */
export class SessionClient {
  private readonly pair = newPair();
  private readonly base: string;

  constructor(private readonly id: string, private readonly podUid: string, podIp: string) {
    this.base = `http://${podIp}:${PORTS['session-api']}`;
  }

  public init(): Promise<Initialized> {
    const wait = (milliseconds: number, signal: AbortSignal) => sleep(milliseconds, undefined, { signal });
    const handshake = { ask: httpDaemon(this.base), key: { privateKey: BOOTSTRAP.privateKey }, clock: Date.now, wait };
    return shakeHands(handshake, { id: this.id, publicKey: this.pair.publicKey, podUid: this.podUid });
  }

  public async health(): Promise<HealthResponse> {
    return await (await fetch(this.base + SESSION_ROUTES.health, { headers: { connection: 'close' } })).json() as HealthResponse;
  }

  /** Sends a request with a token of this session, also to the daemon of another. */
  public send(method: string, path: string, body?: object, to: SessionClient = this): Promise<Response> {
    // A connection of its own: one that was kept would end with the daemon.
    const headers = { 'authorization': `Bearer ${requestToken(this.id, this.pair.privateKey)}`, 'content-type': 'application/json', 'connection': 'close' };
    return fetch(to.base + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  public async execute(...command: readonly string[]): Promise<ExecuteResult> {
    const answer = await this.send('POST', SESSION_ROUTES.execute, { command });
    if (answer.status !== 200) throw new Error(`execute answered ${answer.status}: ${await answer.text()}`);
    return await answer.json() as ExecuteResult;
  }
}

function requestToken(session: string, key: KeyObject): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims: RequestClaims = { iss: REQUEST_ISSUER, session_id: session, iat, exp: iat + 300 };
  return signToken(claims, key);
}
