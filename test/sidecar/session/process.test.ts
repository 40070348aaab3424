import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOOTSTRAP, BOOTSTRAP_RSA, pemOf, SESSION_KEY } from './build-session';
import { httpDaemon } from '../../../sidecar/src/controller/daemon-client';
import { shakeHands } from '../../../sidecar/src/controller/handshake';
import { p256ToJwk, thumbprintOf } from '../../../sidecar/src/crypto/p256';
import { BrokerProcess, Environment } from '../../helpers/broker-process';
import { bundleRole } from '../../helpers/bundle';
import { tempFolder } from '../../helpers/temp-folder';
import { controller, session } from '../controller/handshake-world';

const root = tempFolder();
const bundle = join(root, 'session.mjs');
const running: BrokerProcess[] = [];
const TIMES = { total: 10_000, attempt: 5000, pause: 10 };

beforeAll(() => void bundleRole('session', root), 60_000);

afterAll(() => Promise.all(running.map((daemon) => daemon.end('SIGKILL'))));

function start(env: Environment, args: readonly string[] = []): BrokerProcess {
  const daemon = new BrokerProcess(bundle, { SESSION_LISTEN: '127.0.0.1:0', ADMIN_LISTEN: '127.0.0.1:0', SESSION_WORKSPACE: root, ...env }, args);
  running.push(daemon);
  return daemon;
}

function shake(daemon: BrokerProcess) {
  const handshake = controller(httpDaemon(`http://${daemon.addresses.session}`), { clock: Date.now, times: TIMES });
  return shakeHands(handshake, session({ podUid: 'pod-1', environment: { A: 'planted-2f7d' } }));
}

async function ready(daemon: BrokerProcess) {
  const answer = await fetch(`http://${daemon.addresses.admin}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

test('a daemon takes its session over the wire, by one of several keys in PEM, and another boot takes it again', async () => {
  const keys = pemOf(BOOTSTRAP_RSA.publicKey) + pemOf(BOOTSTRAP.publicKey);
  const env = { PICOD_BOOTSTRAP_PUBLIC_KEY: keys, POD_UID: 'pod-1', SESSION_REQUIRE_BOOT_ID: 'true' };
  const first = await start(env).ready();
  const one = await shake(first);
  expect(one.keyThumbprint).toBe(thumbprintOf(SESSION_KEY.publicKey));
  expect(await shake(first)).toEqual(one);
  expect(await (await fetch(`http://${first.addresses.session}/health`)).json()).toMatchObject({ service: 'PicoD', initialized: true });
  expect(await ready(first)).toEqual({ status: 200, text: 'ok' });
  await first.end('SIGKILL');

  const second = await start(env).ready();
  const again = await shake(second);
  expect(again.keyThumbprint).toBe(one.keyThumbprint);
  expect(again.bootId).not.toBe(one.bootId);
  expect(await second.end('SIGTERM')).toBe(0);
  for (const { output } of [first, second]) expect(output).not.toContain('planted-2f7d');
}, 30_000);

test('a daemon whose keys come later is not ready before, and then is', async () => {
  const folder = join(root, 'trust');
  mkdirSync(folder);
  const daemon = await start({ AGENT_TRUST_DIR: folder, PICOD_BOOTSTRAP_PUBLIC_KEY: pemOf(SESSION_KEY.publicKey), POD_UID: 'pod-1' }).ready();
  expect(await ready(daemon)).toEqual({ status: 503, text: `there is no bootstrap key in ${folder}/bootstrap-jwks.json yet` });
  writeFileSync(join(folder, 'bootstrap-jwks.json'), JSON.stringify({ keys: [{ ...p256ToJwk(BOOTSTRAP.publicKey), kid: 'boot-1' }] }));
  expect(await shake(daemon)).toMatchObject({ keyThumbprint: thumbprintOf(SESSION_KEY.publicKey) });
  expect(await ready(daemon)).toEqual({ status: 200, text: 'ok' });
  expect(await daemon.end('SIGTERM')).toBe(0);
}, 30_000);

test('the older name of the variable is read when the newer one is not set', async () => {
  const daemon = await start({ PICOD_AUTH_PUBLIC_KEY: pemOf(BOOTSTRAP.publicKey), POD_UID: 'pod-1' }).ready();
  expect(await shake(daemon)).toMatchObject({ keyThumbprint: thumbprintOf(SESSION_KEY.publicKey) });
  await daemon.end('SIGTERM');
}, 30_000);

describe('a daemon does not start', () => {
  test.each<[string, Environment, string]>([
    ['without any key', {}, 'AGENT_TRUST_DIR or PICOD_BOOTSTRAP_PUBLIC_KEY must be set: nobody could give the daemon its session'],
    ['with an empty key', { PICOD_AUTH_PUBLIC_KEY: '{"keys":[]}' }, 'PICOD_AUTH_PUBLIC_KEY holds no key'],
    ['with text in place of a key', { PICOD_BOOTSTRAP_PUBLIC_KEY: 'planted' }, 'PICOD_BOOTSTRAP_PUBLIC_KEY cannot be used: is neither PEM nor JSON'],
    ['with a private key', { PICOD_BOOTSTRAP_PUBLIC_KEY: BOOTSTRAP.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }, 'key 1 is a PRIVATE KEY; allowed: PUBLIC KEY, RSA PUBLIC KEY'],
    ['without workspace', { SESSION_WORKSPACE: undefined }, 'SESSION_WORKSPACE is not set'],
  ])('%s', async (_name, env, reason) => {
    const daemon = start(env);
    expect(await daemon.exitCode()).toBe(1);
    expect(daemon.output).toContain(reason);
    expect(daemon.output).not.toContain('planted');
    expect(daemon.output).not.toMatch(/[A-Za-z0-9+/]{40}/);
  }, 30_000);
});
