import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProcessKeys, ProcessKeys } from '../../../../sidecar/src/controller/keys/open-process-keys';
import { openSecret, sealSecret } from '../../../../sidecar/src/crypto/envelope';
import { ROTATE_AFTER } from '../../../../sidecar/src/crypto/key-schedule';
import { mountedKeyring } from '../../../../sidecar/src/crypto/mounted-keyring';
import { parsePublicKeys } from '../../../../sidecar/src/crypto/public-keys';
import { HandTimers } from '../../broker/audit/support';
import { capturedLog } from '../../server/frame';
import { recordOf } from '../../store/records';

const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const time = { now: T0 };
const captured = capturedLog();
const opened: ProcessKeys[] = [];
let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'process-keys-'));
  time.now = T0;
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((keys) => keys.close()));
  rmSync(stateDir, { recursive: true });
});

async function open(): Promise<ProcessKeys> {
  const keys = await openProcessKeys({ stateDir, clock: () => time.now, log: captured.log, after: new HandTimers().after, random: () => 0.5 });
  opened.push(keys);
  return keys;
}

const mode = (...path: string[]) => `0${(statSync(join(stateDir, ...path)).mode % 0o1000).toString(8)}`;
const trusted = ({ trustDir }: ProcessKeys) => parsePublicKeys(readFileSync(join(trustDir, 'bootstrap-jwks.json'), 'utf8')).map(({ kid }) => kid);
const signing = () => readdirSync(join(stateDir, 'bootstrap')).sort();

test('the first start makes keys that only their owner reads, and a public set for the daemons', async () => {
  const keys = await open();
  expect([mode('bootstrap'), mode('bootstrap', 'sign-1.pem'), mode('session-keys'), mode('session-keys', 'seal-1.json')]).toEqual(['0700', '0600', '0700', '0600']);
  expect(mode('trust', 'bootstrap-jwks.json')).toMatch(/^06[046][04]$/);
  expect([keys.trustDir, readdirSync(keys.trustDir), trusted(keys)]).toEqual([join(stateDir, 'trust'), ['bootstrap-jwks.json'], [keys.bootstrap().kid]]);
  expect([signing(), keys.problem()]).toEqual([['sign-1.pem'], undefined]);
});

test('the next start has the same keys, and writes nothing', async () => {
  const first = await open();
  const { mtimeMs } = statSync(join(first.trustDir, 'bootstrap-jwks.json'));
  const next = await open();
  expect([next.bootstrap().kid, next.sealing.idKey.equals(first.sealing.idKey)]).toEqual([first.bootstrap().kid, true]);
  expect(statSync(join(first.trustDir, 'bootstrap-jwks.json')).mtimeMs).toBe(mtimeMs);
});

test('of several at once in one folder all have the same keys', async () => {
  const all = await Promise.all([open(), open(), open()]);
  expect(new Set(all.map((keys) => keys.bootstrap().kid)).size).toBe(1);
  time.now += ROTATE_AFTER;
  await Promise.all(all.map((keys) => keys.publish()));
  expect(signing()).toEqual(['sign-1.pem', 'sign-2.pem']);
});

test('on a volume whose group is the own one, what the kubelet opens to the group is read', async () => {
  const first = await open();
  chmodSync(join(stateDir, 'bootstrap'), 0o2770);
  chmodSync(join(stateDir, 'bootstrap', 'sign-1.pem'), 0o660);
  expect((await open()).bootstrap().kid).toBe(first.bootstrap().kid);
});

test('a key is followed by another, published ahead, and taken away when it is spent', async () => {
  const keys = await open();
  const first = keys.bootstrap().kid;
  time.now += ROTATE_AFTER;
  await keys.publish();
  expect([trusted(keys).length, keys.bootstrap().kid]).toEqual([2, first]);
  time.now += 15 * MINUTE;
  const second = keys.bootstrap().kid;
  time.now += 63 * MINUTE;
  await keys.publish();
  expect([trusted(keys), keys.bootstrap().kid, signing()]).toEqual([[second], second, ['sign-2.pem']]);
});

test('a gateway beside it opens what it seals', async () => {
  const { sealing } = await open();
  const gateway = mountedKeyring(join(stateDir, 'session-keys'), () => time.now);
  await expect(openSecret(gateway, sealSecret(sealing, 'text', recordOf('s1'), 'key'), recordOf('s1'), 'key')).resolves.toEqual({ text: 'text' });
});

describe('a start is refused', () => {
  test.each<[string, () => void, RegExp]>([
    ['when others may add keys', () => chmodSync(join(stateDir, 'bootstrap'), 0o777), /bootstrap is a folder of mode 0777: others may add keys$/],
    ['when others may have read a key', () => chmodSync(join(stateDir, 'bootstrap', 'sign-1.pem'), 0o640), /sign-1\.pem has mode 0640/],
    ['when a key is damaged', () => writeFileSync(join(stateDir, 'bootstrap', 'sign-1.pem'), 'planted'), /sign-1\.pem is not a time of creation/],
    ['when a key is a folder', () => mkdirSync(join(stateDir, 'bootstrap', 'sign-2.pem')), /sign-2\.pem is not a regular file/],
    ['when a key of another name lies there', () => writeFileSync(join(stateDir, 'bootstrap', 'mine.pem'), 'planted', { mode: 0o600 }), /neither sign-1\.pem/],
    ['when a sealing key is damaged', () => writeFileSync(join(stateDir, 'session-keys', 'seal-1.json'), 'planted'), /seal-1\.json is not a JSON object/],
    ['when the public set cannot be written', () => {
      rmSync(join(stateDir, 'trust'), { recursive: true });
      writeFileSync(join(stateDir, 'trust'), '');
    }, /EEXIST|ENOTDIR/],
  ])('%s', async (_, spoil, problem) => {
    await open();
    spoil();
    const failure = await open().then(() => '', (error: Error) => error.message);
    expect(failure).toMatch(problem);
    expect(failure).not.toContain('planted');
  });
});

test('what is spoilt while it runs is told and logged without content, and what is known goes on', async () => {
  const keys = await open();
  const { kid } = keys.bootstrap();
  writeFileSync(join(stateDir, 'bootstrap', 'sign-1.pem'), 'planted');
  await keys.publish();
  expect(keys.problem()).toMatch(/^the bootstrap keys cannot be renewed: key file .*sign-1\.pem is not a time of creation/);
  expect([keys.bootstrap().kid, trusted(keys)]).toEqual([kid, [kid]]);
  expect(captured.text()).toContain('cannot be renewed or published');
  expect(captured.text()).not.toContain('planted');
});
