import { ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storeConfig, storePod } from '../../src/manifests/store-pod';
import { STORE_RIGHTS } from '../../src/protocol/session-record';
import { freePort } from '../helpers/free-port';
import { eventually, tempFolder } from '../helpers/temp-folder';
import { selfSigned, writePair } from '../sidecar/server/certificate';

const [container] = storePod({ platform: 'p', part: 'sessions', role: 'store', name: 'session-store', namespace: 'p' }, { image: 'valkey', resources: {} }).containers;
const pathOf = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
const family = ['valkey', 'redis'].find((name) => pathOf(`${name}-server`) !== '' && pathOf(`${name}-cli`) !== '');
const run = family === undefined ? test.skip : test;

// The program, probes and configuration of the pod, with its folders in one of this machine, on a port that is free here.
const folder = tempFolder();
const at = (name: string) => join(folder, name);
const env = { ...process.env, PATH: `${at('bin')}:${process.env.PATH}` };
let port = 0;
let store: ChildProcess | undefined;

const here = (text: string) => text
  .replaceAll('/etc/agent-platform/', at('etc/')).replaceAll('/data', at('data')).replaceAll('/tmp/valkey.pid', at('run/valkey.pid')).replaceAll('6379', `${port}`);
const shell = (command: string) => spawnSync('sh', ['-c', here(command)], { env, encoding: 'utf8' });
const passes = (probe: 'startupProbe' | 'livenessProbe' | 'readinessProbe') => shell(container[probe]!.exec!.command![2]).status === 0;
const asked = (words: string) => shell(`valkey-cli --tls --insecure -p 6379 --user sessions --pass secret ${words} 2>/dev/null`).stdout.trim();

/** As the kubelet writes it: files of a mount are older than the container, renewed ones are younger. */
function renew(file: string, seconds: number): void {
  const time = new Date(Date.now() + seconds * 1000);
  utimesSync(at(file), time, time);
}

beforeAll(async () => {
  if (family === undefined) return;
  port = await freePort();
  for (const name of ['bin', 'data', 'run', 'etc/tls', 'etc/store-access', 'etc/store']) mkdirSync(at(name), { recursive: true });
  for (const name of ['server', 'cli']) symlinkSync(pathOf(`${family}-${name}`), at(`bin/valkey-${name}`));
  const hash = createHash('sha256').update('secret').digest('hex');
  writeFileSync(at('etc/store-access/users.acl'), `user default off\nuser sessions on #${hash} ${STORE_RIGHTS.join(' ')}\n`);
  writePair(at('etc/tls'), selfSigned('store'));
  writeFileSync(at('etc/store/valkey.conf'), here(storeConfig(64 * 1024 * 1024)));
  for (const name of ['etc/tls/tls.crt', 'etc/store-access/users.acl']) renew(name, -60);
  expect(passes('startupProbe')).toBe(false);
  const [program, ...args] = container.command!;
  store = spawn(at(`bin/${program}`), args.map(here), { env, stdio: 'ignore' });
  await eventually(() => passes('startupProbe'));
}, 60_000);

afterAll(() => store?.kill('SIGKILL'));

run('the server takes the configuration, and the probes pass without a password', () => {
  expect([passes('readinessProbe'), passes('livenessProbe')]).toEqual([true, true]);
});

run('the user has the rights of sessions, and none to settings or to everything', () => {
  expect(asked('hset session:x field value')).toBe('1');
  expect(asked('config get maxmemory')).toMatch(/^NOPERM/);
  expect(asked('flushall')).toMatch(/^NOPERM/);
  expect(shell('valkey-cli --tls --insecure -p 6379 hset session:x field value').stdout).toMatch(/^NOAUTH/);
});

run('nobody is served in the clear', () => {
  expect(shell('valkey-cli -p 6379 ping').status).not.toBe(0);
});

run.each(['etc/tls/tls.crt', 'etc/store-access/users.acl'])('a new %s fails liveness, and leaves readiness to those who still use the old one', (file) => {
  renew(file, 60);
  expect([passes('livenessProbe'), passes('readinessProbe')]).toEqual([false, true]);
  renew(file, -60);
  expect(passes('livenessProbe')).toBe(true);
});

run('the end of the server is seen by all', async () => {
  store!.kill('SIGKILL');
  await eventually(() => !passes('readinessProbe'));
  expect(passes('livenessProbe')).toBe(false);
});
