import { ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { AddressInfo, createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { type BrokerFolders, NAMESPACE } from './documents';
import { RATES } from '../../src/protocol/env';
import { SEMI_SPACE_MEBIBYTES } from '../../src/protocol/limits';

/** A server in a process of its own. */
export interface Server {
  readonly url: string;
  readonly child: ChildProcess;
  /** Milliseconds from its start to its first good answer. */
  readonly readyMs: number;
}

const BUNDLE = resolve(__dirname, '../../sidecar/dist/broker.mjs');

/** The heap that Node makes of the memory limit of the broker's pod, and the size of its young part that the pod asks for. In MiB. */
const HEAP_OF_POD = ['--max-old-space-size=256', `--max-semi-space-size=${SEMI_SPACE_MEBIBYTES}`];

/** Longest time that a server may need to start or to end. */
const PATIENCE_MS = 20_000;

/** The servers share the first core and the load has the second, so that one does not slow the other. Only where taskset is. */
export const PINNED = canPin();

function canPin(): boolean {
  try {
    execFileSync('taskset', ['-cp', '1', String(process.pid)], { stdio: 'ignore' });
    return availableParallelism() > 0;
  } catch {
    return false;
  }
}

const CHILDREN = ['echo.ts', 'usage-reply.ts'].map((name) => join(__dirname, name));

/** Plain JavaScript of what runs in measured processes, with more of it if need be: a compiler in them would be measured too. */
export function compileChildren(more: readonly string[] = []): string {
  mkdirSync('.bench', { recursive: true });
  const folder = resolve(mkdtempSync(join('.bench', 'broker-')));
  for (const path of [...CHILDREN, ...more]) {
    const { outputText } = transpileModule(readFileSync(path, 'utf8'), {
      compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, esModuleInterop: true },
    });
    writeFileSync(join(folder, `${basename(path, '.ts')}.js`), outputText);
  }
  return folder;
}

export async function startEcho(folder: string): Promise<Server> {
  const [port] = await freePorts(1);
  return ready(run(folder, [join(folder, 'echo.js'), String(port)], {}), `http://127.0.0.1:${port}`, async (url) => {
    const { status } = await fetch(url, { method: 'POST', body: '{"host":"a"}' });
    return status === 200;
  });
}

/** A broker whose runs and callers are in files. */
export function startBroker(folder: string, { catalog, callers, state }: BrokerFolders): Promise<Server> {
  return startWith(folder, { CATALOG: 'directory', CATALOG_DIR: catalog, CALLERS_FILE: callers, STATE_DIR: state });
}

/** A broker that asks an API server for everything. */
export function startClusterBroker(folder: string, kubeconfig: string, state: string): Promise<Server> {
  return startWith(folder, {
    CATALOG: 'kubernetes', KUBECONFIG: kubeconfig, STATE_DIR: state, RUN_NAMESPACES: NAMESPACE, POD_NAMESPACE: NAMESPACE, POD_NAME: 'broker-0',
  });
}

/** So high that no answer is a refusal. */
const UNLIMITED = String(RATES[1]);

async function startWith(folder: string, env: NodeJS.ProcessEnv): Promise<Server> {
  const [port, adminPort] = await freePorts(2);
  const child = run(folder, [...HEAP_OF_POD, BUNDLE], {
    BROKER_LISTEN: `127.0.0.1:${port}`,
    ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    ISSUE_PER_SECOND: UNLIMITED,
    VALIDATE_PER_SECOND: UNLIMITED,
    SUBSTITUTE_PER_SECOND: UNLIMITED,
    ...env,
  });
  return ready(child, `http://127.0.0.1:${port}`, async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok);
}

/** Ends a server; one that does not end is killed. */
export async function endServer({ child }: Server): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await exited;
  clearTimeout(timer);
}

/** Runs Node with what was compiled to the folder, on the core of the servers unless another is named. */
export function run(folder: string, args: readonly string[], env: NodeJS.ProcessEnv, core = 0): ChildProcess {
  const command = [process.execPath, '--require', join(folder, 'usage-reply.js'), ...args];
  const [program, ...rest] = PINNED ? ['taskset', '-c', String(core), ...command] : command;
  return spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env } });
}

export async function ready(child: ChildProcess, url: string, isReady: (url: string) => Promise<boolean>): Promise<Server> {
  const start = performance.now();
  while (performance.now() - start < PATIENCE_MS) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`);
    if (await isReady(url).catch(() => false)) return { url, child, readyMs: performance.now() - start };
    await new Promise((wake) => setTimeout(wake, 5));
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnargs.join(' ')} was not ready within ${PATIENCE_MS / 1000} s`);
}

export async function freePorts(count: number): Promise<number[]> {
  const holders = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(holders.map((holder) => once(holder, 'listening')));
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => new Promise((done) => holder.close(done))));
  return ports;
}
