import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Agent } from './agent';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** `test` where the program is installed; where it is not, its tests are reported as skipped. */
export function testWith(program: string): jest.It {
  return isOnPath(program) ? test : test.skip;
}

/** Runs a program in an environment that has nothing of this process but the way to programs. */
export function run(program: string, args: readonly string[], { cwd, env = {}, input }: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { PATH: process.env.PATH, ...env } });
    const ended = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => { ended.stdout += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { ended.stderr += chunk.toString(); });
    child.once('error', reject).once('close', (code) => resolve({ code, ...ended }));
    child.stdin.on('error', () => undefined).end(input);
  });
}

/** What an agent's container is told of the proxy. */
export function agentEnvironment({ proxyUrl, place: { bundleFile } }: Agent, home: string): Record<string, string> {
  const proxies = { HTTPS_PROXY: proxyUrl, HTTP_PROXY: proxyUrl, NO_PROXY: 'localhost,127.0.0.1,::1' };
  const lower = Object.fromEntries(Object.entries(proxies).map(([name, value]) => [name.toLowerCase(), value]));
  const authorities = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO', 'AWS_CA_BUNDLE'].map((name) => [name, bundleFile]);
  return { ...proxies, ...lower, ...Object.fromEntries(authorities), HOME: home };
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
