import { ChildProcess, spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeAll, dropping, listening } from './ports';
import { PATHS } from '../../../src/protocol/paths';
import { bundleRole } from '../../helpers/bundle';
import { eventually, tempFolder } from '../../helpers/temp-folder';

/** The ports are fixed, so the addresses are some of its own on this machine. */
const SHUT = '127.77.9.3';
const OPEN = '127.77.9.4';
afterEach(closeAll);

const folder = tempFolder();
const trust = tempFolder();
let program: string;
beforeAll(() => { program = bundleRole('fence', folder); }, 60_000);

// Who is root makes it, where the kubelet has not.
const wasThere = existsSync(PATHS.terminationLog);
afterAll(() => {
  if (!wasThere) rmSync(PATHS.terminationLog, { force: true });
});

function started(env: Record<string, string>): { child: ChildProcess; ended: Promise<{ code: number | null; text: string }> } {
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout!.on('data', (data) => { text += data; });
  child.stderr!.on('data', (data) => { text += data; });
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, text }))) };
}

function publish(host: string): void {
  writeFileSync(join(trust, 'partly'), `http://${host}:15001\n`);
  renameSync(join(trust, 'partly'), join(trust, 'proxy-url'));
}

test('the program ends well once the address is published and packets to the fence are dropped', async () => {
  await listening(SHUT, 15001);
  await dropping(SHUT, 15003);
  const { ended } = started({ AGENT_TRUST_DIR: trust });
  publish(SHUT);
  expect(await ended).toEqual({ code: 0, text: expect.stringMatching(/^fence: closed 3 times after \d+ s\n$/) });
}, 60_000);

test('it does not end while the fence is open', async () => {
  let tries = 0;
  await listening(OPEN, 15001);
  await listening(OPEN, 15003, () => tries += 1);
  publish(OPEN);
  const { child, ended } = started({ AGENT_TRUST_DIR: trust });
  await eventually(() => tries >= 4);
  expect(child.exitCode).toBe(null);
  child.kill();
  await ended;
}, 60_000);

test.each<[Record<string, string>, string]>([[{}, 'AGENT_TRUST_DIR is not set'], [{ AGENT_TRUST_DIR: '' }, 'AGENT_TRUST_DIR is ""; allowed: a path']])('it does not begin with %j', async (env, text) => {
  const { ended } = started(env);
  expect(await ended).toEqual({ code: 1, text: expect.stringContaining(text) });
});
