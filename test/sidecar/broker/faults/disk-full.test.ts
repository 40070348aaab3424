import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyAuditLog } from '../../../../sidecar/src/broker/audit/verification/verify';
import { brokerEnvironment, BrokerProcess } from '../../../helpers/broker-process';
import { bundleRole } from '../../../helpers/bundle';
import { tempFolder } from '../../../helpers/temp-folder';
import { brokerPolicy, file, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';

/** A disk without room for one more byte: the kernel refuses writes beyond the size that a process may give its files. */

const TOKEN = 'planted-token-of-the-run-9';
const UPSTREAM = 'planted-upstream-8d21';
const RAW = 'planted-raw-value-55';
const root = tempFolder();
const audit = join(root, 'state', 'audit');
let broker: BrokerProcess;

const rawGrant = { name: 'RAW', provider: { kind: 'UserSuppliedSecret', secretRef: { name: 'upstream', key: 'raw' }, deliveryMode: { inContainer: { accepted: true, reason: 'the client signs with it, so no proxy can' } } } };

beforeAll(async () => {
  mkdirSync(join(root, 'catalog'));
  const policy = brokerPolicy({ name: 'p1' }, { grants: { credentials: [headerGrant(), rawGrant], egress: [{ host: 'api.github.com' }] } });
  writeFileSync(join(root, 'catalog', 'all.yaml'), file(harnessRun(), harnessTemplate({}, ['GITHUB_TOKEN', 'RAW']), policy, secret({ token: UPSTREAM, raw: RAW })));
  writeFileSync(join(root, 'callers.json'), JSON.stringify({ [TOKEN]: { namespace: 'team-a', serviceAccount: 'r1-collector', capabilities: ['revoke'] } }), { mode: 0o600 });
  broker = await new BrokerProcess(bundleRole('broker', root), {
    ...brokerEnvironment(root),
    ISSUE_PER_SECOND: '1000',
    SUBSTITUTE_PER_SECOND: '1000',
  }).ready();
}, 60_000);

afterAll(() => broker.end('SIGKILL'));

async function ask(endpoint: string, body: object) {
  const headers = { 'authorization': `Bearer ${TOKEN}`, 'x-paddock-run': 'r1', 'content-type': 'application/json' };
  const answer = await fetch(`http://${broker.addresses.broker}/v1/${endpoint}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, text, body: text === '' ? {} : JSON.parse(text) };
}

const ready = async () => (await fetch(`http://${broker.addresses.admin}/readyz`)).status;

/** Soft limit on the size of files, as another process may set it. */
function mayWrite(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(broker.pid), `--fsize=${bytes}:`]);
}

const isFile = (name: string) => statSync(join(audit, name)).isFile();
const log = () => readdirSync(audit).filter(isFile).map((name) => readFileSync(join(audit, name), 'utf8')).join('');

// Only Linux can set a limit of a process that runs.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('with a full disk every decision is 503 and nothing of it is told; with room again it goes on, and the log is whole', async () => {
  const { body: { value, leaseId } } = await ask('issue', { name: 'GITHUB_TOKEN' });
  const swap = { host: 'api.github.com', port: 443, incomingAuthorization: `Bearer ${value}` };
  expect((await ask('substitute-auth', swap)).body.setHeaders).toEqual({ Authorization: `Bearer ${UPSTREAM}` });

  const largest = Math.max(...readdirSync(audit).map((name) => statSync(join(audit, name)).size));
  mayWrite(largest + 10);
  const asked: [string, object][] = [
    ['issue', { name: 'GITHUB_TOKEN' }], ['issue', { name: 'RAW' }], ['substitute-auth', swap], ['validate-egress', { host: 'api.github.com', port: 443 }],
    ['issue', { name: 'OTHER' }], ['validate-egress', { host: 'evil.example.com', port: 443 }], ['revoke', { provider: 'UserSuppliedSecret', leaseId: `uss-${'0'.repeat(32)}` }],
  ];
  for (const [endpoint, body] of asked) {
    const { status, text } = await ask(endpoint, body);
    expect([endpoint, status, JSON.parse(text)]).toEqual([endpoint, 503, { code: 'AuditUnavailable', message: expect.stringMatching(/record/) }]);
    for (const planted of [UPSTREAM, RAW, 'pdk-']) expect(text).not.toContain(planted);
  }
  expect(await ready()).toBe(503);

  mayWrite('unlimited');
  for (let look = 0; look < 200 && await ready() !== 200; look += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  const again = await ask('issue', { name: 'GITHUB_TOKEN' });
  expect([again.status, again.body.leaseId]).toEqual([200, leaseId]);
  expect((await ask('substitute-auth', swap)).status).toBe(200);
  expect(await verifyAuditLog(audit)).toMatchObject({ ok: true });
  for (const planted of [TOKEN, UPSTREAM, RAW, value, again.body.value]) {
    expect([broker.output.includes(planted), log().includes(planted)]).toEqual([false, false]);
  }
}, 30_000);
