import { ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { newP256Pair, P256Pair, p256ToPem } from '../../sidecar/src/crypto/p256';
import { signToken } from '../../sidecar/src/crypto/signed-token';
import { SESSION_SEMI_SPACE_MEBIBYTES } from '../../src/protocol/limits';
import { freePorts, PINNED, Server } from '../broker/servers';

/** What is measured: the bundled daemon, started by its helper or alone. */
export interface Build {
  readonly bundle: string;
  /** @default - there is no compiler: commands are started by Node */
  readonly helper?: string;
}

/** A daemon that has its session. */
export interface Daemon extends Server {
  readonly authorization: string;
}

const PATIENCE_MS = 20_000;
const SESSION = 'bench';

export async function build(folder: string): Promise<Build> {
  const { bundle } = await import(pathToFileURL('sidecar/bundle.mjs').href) as { bundle(options: object): Promise<unknown> };
  await bundle({ entries: { session: join(process.cwd(), 'sidecar/src/session/main.ts') }, outdir: folder });
  const helper = join(folder, 'session-helper');
  try {
    execFileSync(process.execPath, ['sidecar/native/build.mjs', '--output', helper], { stdio: ['ignore', 'ignore', 'pipe'] });
    return { bundle: join(folder, 'session.mjs'), helper };
  } catch {
    return { bundle: join(folder, 'session.mjs') };
  }
}

/** Starts a daemon, waits for its first answer, and gives it a session. */
export async function startDaemon({ bundle, helper }: Build, workspace: string): Promise<Daemon> {
  mkdirSync(workspace, { recursive: true });
  const bootstrap = newP256Pair();
  const [port, adminPort] = await freePorts(2);
  const command = [...(PINNED ? ['taskset', '-c', '0'] : []), ...(helper === undefined ? [] : [helper, '--']), process.execPath, `--max-semi-space-size=${SESSION_SEMI_SPACE_MEBIBYTES}`, bundle];
  const start = performance.now();
  const child = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      SESSION_LISTEN: `127.0.0.1:${port}`,
      ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
      SESSION_WORKSPACE: workspace,
      PICOD_BOOTSTRAP_PUBLIC_KEY: p256ToPem(bootstrap.publicKey),
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await answering(child, `${url}/health`);
  const readyMs = performance.now() - start;
  return { child, url, readyMs, authorization: await initialize(url, bootstrap) };
}

async function initialize(url: string, bootstrap: P256Pair): Promise<string> {
  const session = newP256Pair();
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'agentcube-workload-manager', sub: SESSION, iat: now, exp: now + 60, jti: 'bench', session_public_key: p256ToPem(session.publicKey),
  };
  const answer = await fetch(`${url}/init`, { method: 'POST', body: JSON.stringify({ token: signToken(claims, bootstrap.privateKey) }) });
  if (answer.status !== 200) throw new Error(`the daemon takes no session: ${answer.status} ${await answer.text()}`);
  return `Bearer ${signToken({ iss: 'agentcube-router', session_id: SESSION, iat: now, exp: now + 600 }, session.privateKey)}`;
}

async function answering(child: ChildProcess, url: string): Promise<void> {
  const start = performance.now();
  while (performance.now() - start < PATIENCE_MS) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`);
    if (await fetch(url).then(({ ok }) => ok, () => false)) return;
    await new Promise((wake) => setTimeout(wake, 2));
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnargs.join(' ')} did not answer within ${PATIENCE_MS / 1000} s`);
}
