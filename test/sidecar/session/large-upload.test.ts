import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BOOTSTRAP, initToken, pemOf, requestToken } from './build-session';
import { send } from './routes/workbench';
import { SESSION_ROUTES } from '../../../src/protocol/session-api';
import { BrokerProcess } from '../../helpers/broker-process';
import { bundleRole } from '../../helpers/bundle';
import { tempFolder } from '../../helpers/temp-folder';

const MIB = 1024 * 1024;
const root = tempFolder();
const bundle = join(root, 'session.mjs');
const running: BrokerProcess[] = [];

beforeAll(() => void bundleRole('session', root), 60_000);

afterAll(() => Promise.all(running.map((daemon) => daemon.end('SIGKILL'))));

/** A daemon in a process of its own, whose memory is only its own, with a session. */
async function daemonIn(workspace: string) {
  mkdirSync(workspace);
  const one = new BrokerProcess(bundle, {
    SESSION_LISTEN: '127.0.0.1:0', ADMIN_LISTEN: '127.0.0.1:0', SESSION_WORKSPACE: workspace, PICOD_BOOTSTRAP_PUBLIC_KEY: pemOf(BOOTSTRAP.publicKey),
  });
  running.push(one);
  await one.ready();
  const port = Number(one.addresses.session.split(':')[1]);
  const iat = Math.floor(Date.now() / 1000);
  expect(await send({ port }, 'POST', SESSION_ROUTES.init, { body: { token: initToken({ iat, exp: iat + 60 }) } })).toMatchObject({ status: 200 });
  const peak = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${one.pid}/status`, 'utf8'))![1]) * 1024;
  return { port, headers: { authorization: `Bearer ${requestToken({ iat, exp: iat + 600 })}` }, peak };
}

/** The same mebibyte over and over. */
function* pieces(count: number): Generator<Buffer> {
  const piece = Buffer.alloc(MIB);
  for (let at = 0; at < count; at += 1) yield piece;
}

test('a gibibyte that is uploaded takes a small part of that in memory', async () => {
  const workspace = join(root, 'put');
  const { port, headers, peak } = await daemonIn(workspace);
  const { status, body } = await send({ port }, 'PUT', '/api/files/large', { headers, body: pieces(1024) });
  expect({ status, size: body.size, there: statSync(join(workspace, 'large')).size }).toEqual({ status: 200, size: 1024 * MIB, there: 1024 * MIB });
  expect(peak()).toBeLessThan(256 * MIB);
}, 120_000);

test('so does a form', async () => {
  const { port, headers, peak } = await daemonIn(join(root, 'form'));
  const field = (name: string, more = ''): Buffer => Buffer.from(`--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n`);
  const form = [field('path'), Buffer.from('large\r\n'), field('file', '; filename="large"'), ...pieces(256), Buffer.from('\r\n--b--\r\n')];
  const type = { 'content-type': 'multipart/form-data; boundary=b' };
  expect(await send({ port }, 'POST', SESSION_ROUTES.files, { headers: { ...headers, ...type }, body: form })).toMatchObject({ status: 200, body: { size: 256 * MIB } });
  expect(peak()).toBeLessThan(256 * MIB);
}, 120_000);
