import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shakeHands } from '../../../../sidecar/src/controller/handshake';
import { ProcessProvider, ProcessProviderOptions } from '../../../../sidecar/src/controller/process/process-provider';
import { processesAt } from '../../../../sidecar/src/controller/process/process-table';
import type { Claim, ClaimedWorker } from '../../../../sidecar/src/controller/worker-provider';
import { p256ToJwk } from '../../../../sidecar/src/crypto/p256';
import { signToken } from '../../../../sidecar/src/crypto/signed-token';
import { createLogger } from '../../../../sidecar/src/server/telemetry/log';
import type { PoolEntry } from '../../../../src/protocol/session-pools';
import { BOOTSTRAP, SESSION_KEY } from '../../session/build-session';
import { controller, session } from '../handshake-world';

export const POOL: PoolEntry = { namespace: 'team-a', name: 'python', maxSessionSeconds: 3600, idleSeconds: 900, replicas: 1 };

const FAR = Date.parse('2100-01-01T00:00:00Z');

export function claimOf(sessionId: string, more: Partial<Claim> = {}): Claim {
  return { sessionId, deadline: FAR, signal: new AbortController().signal, ...more };
}

/** A state folder with the keys that sign init tokens. */
export function stateFolder(root: string): { readonly stateDir: string; readonly trustDir: string } {
  const stateDir = mkdtempSync(join(root, 'state-'));
  const trustDir = join(stateDir, 'trust');
  mkdirSync(trustDir);
  writeFileSync(join(trustDir, 'bootstrap-jwks.json'), JSON.stringify({ keys: [{ ...p256ToJwk(BOOTSTRAP.publicKey), kid: 'boot-1' }] }));
  return { stateDir, trustDir };
}

export interface World {
  readonly provider: ProcessProvider;
  readonly stateDir: string;
  pools: PoolEntry[];
  /** Processes that work for any worker. */
  processes(): Promise<readonly number[]>;
  output(): string;
}

export interface WorldOptions extends Partial<ProcessProviderOptions> {
  readonly replicas?: number;
  /** @default - the daemon is started alone */
  readonly helper?: string;
  readonly program: string;
}

export async function openWorld(root: string, { replicas = 1, program, helper, ...more }: WorldOptions): Promise<World> {
  const lines: string[] = [];
  const log = createLogger({ role: 'controller', level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  const world = { pools: [{ ...POOL, replicas }] as PoolEntry[] };
  const daemon = { program, helper };
  const options = { daemon, ...stateFolder(root), pools: () => world.pools, longestWait: 60_000, clock: Date.now, log, ...more };
  const provider = await ProcessProvider.open(options);
  const { stateDir } = options;
  return Object.assign(world, { provider, stateDir, processes: () => processesAt(stateDir), output: () => lines.join('') });
}

/** Makes the daemon serve the session. */
export function shake({ ask, worker }: ClaimedWorker, id: string, environment: Record<string, string> = {}) {
  const times = { total: 10_000, attempt: 5_000, pause: 10 };
  return shakeHands(controller(ask, { clock: Date.now, times }), session({ id, podUid: worker.podUid, environment }));
}

/** What a command of the session prints. */
export async function execute({ worker }: ClaimedWorker, id: string, command: readonly string[]): Promise<string> {
  const { podIP, entryPoints: [{ port }] } = worker;
  const now = Math.floor(Date.now() / 1000);
  const token = signToken({ iss: 'agentcube-router', session_id: id, iat: now, exp: now + 300 }, SESSION_KEY.privateKey);
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`http://${podIP}:${port}/api/execute`, { method: 'POST', headers, body: JSON.stringify({ command }) });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json() as { stdout: string }).stdout;
}

export function environOf(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, 'latin1').replaceAll('\0', '\n');
}

/** Waits until something holds; fails after twenty seconds, which is long for a busy machine too. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it does not hold after 20 s: ${holds}`);
}
