import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { ROTATE_AFTER } from '../../../../sidecar/src/egress/authority/authorities';
import { FolderTrust, openFolderTrust } from '../../../../sidecar/src/egress/trust/open-folder-trust';
import { HandTimers, temporaryFolders } from '../../broker/audit/support';
import { capturedLog } from '../../server/frame';

const T0 = Date.UTC(2026, 0, 1);
const folder = temporaryFolders();
const time = { now: T0 };
const opened: FolderTrust[] = [];
let stateDir: string;
let captured: ReturnType<typeof capturedLog>;

beforeEach(() => {
  stateDir = folder();
  captured = capturedLog();
  time.now = T0;
});
afterEach(() => opened.splice(0).forEach((trust) => trust.close()));

async function open(): Promise<FolderTrust> {
  opened.push(await openFolderTrust({
    stateDir,
    proxyUrl: 'http://127.0.0.1:15001',
    added: () => [],
    load: async () => maker,
    clock: () => time.now,
    after: new HandTimers().after,
    random: () => 0.5,
    log: captured.log,
  }));
  return opened.at(-1)!;
}

const cas = () => readdirSync(join(stateDir, 'egress-ca')).sort();
const mode = (...path: string[]) => (statSync(join(stateDir, ...path)).mode % 0o1000).toString(8);
const bundle = ({ trustDir }: FolderTrust) => readFileSync(join(trustDir, 'ca-bundle.pem'), 'utf8');

test('the first start makes a CA that only its owner reads, and publishes what a cluster would', async () => {
  const trust = await open();
  expect([cas(), mode('egress-ca'), mode('egress-ca', 'ca-1.pem')]).toEqual([['ca-1.pem'], '700', '600']);
  expect([trust.trustDir, readdirSync(trust.trustDir).sort()]).toEqual([join(stateDir, 'trust'), ['ca-bundle.pem', 'proxy-url']]);
  expect(readFileSync(join(trust.trustDir, 'proxy-url'), 'utf8')).toBe('http://127.0.0.1:15001');
  expect(readFileSync(join(stateDir, 'egress-ca', 'ca-1.pem'), 'utf8').startsWith(bundle(trust).slice(0, 400))).toBe(true);
  expect(bundle(trust)).not.toContain('PRIVATE');
  await trust.leaves.contextFor('api.example.com');
});

test('the next start has the same CA, and writes nothing', async () => {
  const first = await open();
  const { mtimeMs, ino } = statSync(join(first.trustDir, 'ca-bundle.pem'));
  const next = await open();
  expect(bundle(next)).toBe(bundle(first));
  expect(statSync(join(next.trustDir, 'ca-bundle.pem'))).toMatchObject({ mtimeMs, ino });
  expect(cas()).toEqual(['ca-1.pem']);
});

test('the next CA is made and published in time', async () => {
  const trust = await open();
  const before = bundle(trust);
  time.now += ROTATE_AFTER;
  await trust.publish();
  expect(cas()).toEqual(['ca-1.pem', 'ca-2.pem']);
  expect(bundle(trust).length - before.length).toBeGreaterThan(400);
});

describe('a start is refused', () => {
  test.each<[string, () => void, RegExp]>([
    ['over a folder with files of others', () => writeFileSync(join(stateDir, 'egress-ca', 'note'), 'x', { mode: 0o600 }), /has an entry that is neither ca-1\.pem nor ca-2\.pem/],
    ['over a damaged CA', () => writeFileSync(join(stateDir, 'egress-ca', 'ca-1.pem'), 'x', { mode: 0o600 }), /ca-1\.pem is not one certificate and its private key/],
    ['over a folder that others may add to', () => chmodSync(join(stateDir, 'egress-ca'), 0o777), /others may add keys$/],
  ])('%s, which stays as it is', async (_, prepare, problem) => {
    mkdirSync(join(stateDir, 'egress-ca'), { mode: 0o700 });
    prepare();
    const before = cas();
    await expect(open()).rejects.toThrow(problem);
    expect(cas()).toEqual(before);
  });

  test('over a CA that others may have read', async () => {
    (await open()).close();
    chmodSync(join(stateDir, 'egress-ca', 'ca-1.pem'), 0o644);
    await expect(open()).rejects.toThrow(/has mode 0644: others may have read it/);
  });
});

test('what cannot be renewed is told, and what was published stays', async () => {
  const trust = await open();
  const before = bundle(trust);
  writeFileSync(join(stateDir, 'egress-ca', 'note'), 'x', { mode: 0o600 });
  await trust.publish();
  expect([bundle(trust), trust.problem()]).toEqual([before, expect.stringContaining('cannot be renewed')]);
  expect(captured.lines()).toMatchObject([{ level: 'error', msg: 'the CAs of the egress proxy cannot be renewed or published; those from before stay' }]);
});
