import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PATHS } from '../../../src/protocol/paths';
import type { ProbeConfig } from '../../../src/protocol/probe';
import { tempFolder } from '../../helpers/temp-folder';

const folder = tempFolder();
const program = join(folder, 'probe.mjs');
const PIPE_BYTES = 65_536;

beforeAll(() => {
  execFileSync('node_modules/.bin/esbuild', ['sidecar/src/probe/main.ts', '--bundle', '--platform=node', '--format=esm', '--log-level=error', `--outfile=${program}`]);
}, 60_000);

// Who is root makes it, where the kubelet has not.
const wasThere = existsSync(PATHS.terminationLog);
afterAll(() => {
  if (!wasThere) rmSync(PATHS.terminationLog, { force: true });
});

function started(told: ProbeConfig) {
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(told));
  const env = { PROBE_CONFIG: file, POD_IPS: '127.0.0.1', HOST_IP: '127.0.0.1', KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  return spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Port 1 of an address that nobody has. */
const config = (self: string): ProbeConfig => ({
  self,
  listen: [],
  startSeconds: 1,
  edges: [{ to: 'nobody', at: '127.77.9.9', port: 1, protocol: 'TCP', expect: 'deny', rows: [], listener: false }],
});

test('a report that is longer than a pipe reaches a slow reader whole', async () => {
  const self = 'x'.repeat(2 * PIPE_BYTES);
  const child = started(config(self));
  const ended = once(child, 'exit');
  await once(child.stdout, 'readable');
  await new Promise((resolve) => setTimeout(resolve, 500));
  const lines = (await text(child.stdout)).split('\n');
  const report = JSON.parse(lines.find((line) => line.startsWith('{'))!);
  expect(report.results).toEqual([expect.objectContaining({ self })]);
  expect(await ended).toEqual([report.exitCode, null]);
}, 60_000);

test('what cannot be tried is said, with an exit code of its own', async () => {
  const child = started(config(''));
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(said).toContain('probe: UNKNOWN, self must be a text');
  expect(code).toBe(2);
});
