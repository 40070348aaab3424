import { chmodSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileKeyStore } from '../../../sidecar/src/crypto/file-key-store';
import { ROTATE_AFTER } from '../../../sidecar/src/crypto/key-schedule';
import { newKey } from '../../../sidecar/src/crypto/key-store';
import { fileKeyring } from '../../../sidecar/src/crypto/keyring';
import { open, seal } from '../../../sidecar/src/crypto/sealed-token';

const T0 = Date.UTC(2026, 0, 1);
const now = () => T0;
const CLAIMS = { notAfter: T0 + 1000, secret: 'no' };

let parent: string;
let dir: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'keyring-'));
  dir = join(parent, 'keys');
});

afterEach(() => rmSync(parent, { recursive: true }));

/** Why the keyring does not start. */
function refusal(): string {
  try {
    fileKeyring(dir, now);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

describe('the first start', () => {
  test('makes a folder and files that only their owner can read, and leaves no drafts', () => {
    fileKeyring(dir, now);
    expect(statSync(dir).mode % 0o1000).toBe(0o700);
    expect(readdirSync(dir).sort()).toEqual(['id.json', 'seal-1.json']);
    expect(readdirSync(dir).map((name) => statSync(join(dir, name)).mode % 0o1000)).toEqual([0o600, 0o600]);
  });

  test('writes the documented form', () => {
    fileKeyring(dir, now);
    const { kid, created, key, ...rest } = JSON.parse(readFileSync(join(dir, 'seal-1.json'), 'utf8'));
    expect(kid).toMatch(/^[0-9a-f]{16}$/);
    expect(created).toBe('2026-01-01T00:00:00.000Z');
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    expect(rest).toEqual({});
  });

  test('goes on where another one was killed: an id key alone gets a sealing key', () => {
    const { idKey } = fileKeyring(dir, now);
    rmSync(join(dir, 'seal-1.json'));
    writeFileSync(join(dir, '.seal-1.json.0123'), '{"kid":');
    const keyring = fileKeyring(dir, now);
    expect(keyring.idKey.equals(idKey)).toBe(true);
    expect(keyring.sealing().kid).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('the next start', () => {
  test('opens what was sealed before, with the same id key (B16)', async () => {
    const before = fileKeyring(dir, now);
    const token = await seal(before, 'usersecret', CLAIMS);
    const after = fileKeyring(dir, now);
    expect(after.idKey.equals(before.idKey)).toBe(true);
    expect(await open(after, token)).toEqual({ kind: 'usersecret', claims: CLAIMS });
  });

  test('finds rotated keys, old and new', () => {
    const time = { now: T0 };
    const before = fileKeyring(dir, () => time.now);
    const { kid } = before.sealing();
    time.now += ROTATE_AFTER;
    before.sealing();
    expect(readdirSync(dir).sort()).toEqual(['id.json', 'seal-1.json', 'seal-2.json']);
    const after = fileKeyring(dir, () => time.now);
    expect(after.opening(kid)).toBeDefined();
    expect(after.sealing().kid).toBe(kid);
  });

  test('removes the file of a spent key', () => {
    const time = { now: T0 };
    const keyring = fileKeyring(dir, () => time.now);
    for (let turn = 0; turn < 3; turn++) {
      time.now += ROTATE_AFTER + 60 * 60 * 1000;
      keyring.sealing();
    }
    expect(readdirSync(dir)).not.toContain('seal-1.json');
    expect(fileKeyring(dir, () => time.now).sealing().kid).toBe(keyring.sealing().kid);
  });
});

describe('two processes at once', () => {
  test('the loser of the first start reads the keys of the winner', () => {
    const [one, other] = [new FileKeyStore(dir), new FileKeyStore(dir)];
    one.load();
    other.load();
    for (const store of [one, other]) {
      store.createId(newKey(T0));
      store.createSeal(newKey(T0));
    }
    expect(one.load()).toEqual(other.load());
    expect(one.load().seals).toHaveLength(1);
  });

  test('the loser of a rotation makes no second key', () => {
    const time = { now: T0 };
    const [one, other] = [fileKeyring(dir, () => time.now), fileKeyring(dir, () => time.now)];
    time.now += ROTATE_AFTER;
    one.sealing();
    other.sealing();
    expect(readdirSync(dir).sort()).toEqual(['id.json', 'seal-1.json', 'seal-2.json']);
  });

  test('a draft that cannot be linked fails loudly and is removed', () => {
    fileKeyring(dir, now);
    const store = new FileKeyStore(dir);
    store.load();
    rmSync(dir, { recursive: true });
    expect(() => store.createSeal(newKey(T0))).toThrow('ENOENT');
  });
});

describe('files that stop the start', () => {
  beforeEach(() => {
    fileKeyring(dir, now);
  });

  test.each([
    ['an empty one', '', 'is empty'],
    ['one that is cut off', '{"kid":"0123456789abcdef","cre', 'is not a JSON object'],
    ['a list', '[]', 'is not a JSON object'],
    ['null', 'null', 'is not a JSON object'],
    ['one with another field', '{"kid":"0123456789abcdef","created":"2026-01-01T00:00:00Z","key":"","alg":"dir"}', 'must have the fields kid, created and key'],
    ['one without a key', '{"kid":"0123456789abcdef","created":"2026-01-01T00:00:00Z"}', 'must have the fields'],
    ['a kid of other letters', '{"kid":"../../etc/passwd","created":"2026-01-01T00:00:00Z","key":"PLANTED"}', 'hexadecimal digits as kid'],
    ['a kid that is a number', '{"kid":1,"created":"2026-01-01T00:00:00Z","key":"PLANTED"}', 'hexadecimal digits as kid'],
    ['no time', '{"kid":"0123456789abcdef","created":"yesterday","key":"PLANTED"}', 'RFC 3339 time'],
    ['a time that is a number', '{"kid":"0123456789abcdef","created":1,"key":"PLANTED"}', 'RFC 3339 time'],
    ['a short key', '{"kid":"0123456789abcdef","created":"2026-01-01T00:00:00Z","key":"PLANTED"}', '32 bytes as base64url'],
    ['a key that is a number', '{"kid":"0123456789abcdef","created":"2026-01-01T00:00:00Z","key":1}', '32 bytes as base64url'],
    ['a key with padding', `{"kid":"0123456789abcdef","created":"2026-01-01T00:00:00Z","key":"${Buffer.alloc(32).toString('base64')}"}`, '32 bytes as base64url'],
    ['a long one', `{"kid":"${'PLANTED'.repeat(200)}"}`, 'is longer than 1024 bytes'],
  ])('%s', (_, content, problem) => {
    const file = join(dir, 'seal-1.json');
    writeFileSync(file, content);
    expect(refusal()).toContain(file);
    expect(refusal()).toContain(problem);
    expect(refusal()).not.toContain('PLANTED');
  });

  test.each([0o604, 0o640, 0o660, 0o666, 0o602])('one of mode %o', (mode) => {
    const file = join(dir, 'id.json');
    chmodSync(file, mode);
    expect(refusal()).toContain(`${file} has mode 0${mode.toString(8)}: others may have read it`);
  });

  test('one of another name', () => {
    writeFileSync(join(dir, 'backup.json'), '{}', { mode: 0o600 });
    expect(refusal()).toContain('backup.json is neither id.json nor seal-<number>.json');
  });

  test('a folder in place of a file', () => {
    rmSync(join(dir, 'id.json'));
    mkdirSync(join(dir, 'id.json'), { mode: 0o700 });
    expect(refusal()).toContain('is not a regular file');
  });

  test('two files with one kid', () => {
    linkSync(join(dir, 'seal-1.json'), join(dir, 'seal-2.json'));
    expect(refusal()).toContain('has the kid of');
  });

  test('a lost id key beside sealing keys', () => {
    rmSync(join(dir, 'id.json'));
    expect(refusal()).toContain('no id key');
  });

  test.each([0o770, 0o777, 0o707])('a folder of mode %o, where others could add a key', (mode) => {
    chmodSync(dir, mode);
    expect(refusal()).toContain(`is a folder of mode 0${mode.toString(8)}: others may add keys`);
  });
});

describe('folders that kubelet made', () => {
  beforeEach(() => {
    fileKeyring(dir, now);
  });

  /** The files of a mounted Secret are links into a folder that is replaced as a whole. */
  function mountAsSecret(mode: number): void {
    const files = readdirSync(dir);
    mkdirSync(join(dir, '..2026'));
    symlinkSync('..2026', join(dir, '..data'));
    for (const file of files) {
      renameSync(join(dir, file), join(dir, '..2026', file));
      chmodSync(join(dir, '..2026', file), mode);
      symlinkSync(join('..data', file), join(dir, file));
    }
    chmodSync(dir, 0o1777);
  }

  test('a mounted Secret may be readable by the group of the pod', () => {
    mountAsSecret(0o440);
    expect(refusal()).toBe('none');
  });

  test('a mounted Secret that everybody can read is refused', () => {
    mountAsSecret(0o444);
    expect(refusal()).toContain('has mode 0444');
  });

  test('a mounted Secret is never written', () => {
    mountAsSecret(0o440);
    const time = { now: T0 };
    const keyring = fileKeyring(dir, () => time.now);
    time.now += 2 * ROTATE_AFTER;
    keyring.sealing();
    expect(readdirSync(join(dir, '..data'))).toHaveLength(2);
    expect(keyring.problem()).toBeUndefined();
  });

  test('an empty mounted Secret is refused', () => {
    rmSync(dir, { recursive: true });
    mkdirSync(join(dir, '..data'), { recursive: true });
    expect(refusal()).toContain('lacks keys');
  });

  test('a volume with fsGroup gives files to the group of the pod when it is mounted again', () => {
    readdirSync(dir).forEach((file) => chmodSync(join(dir, file), 0o660));
    chmodSync(dir, 0o2770);
    expect(refusal()).toBe('none');
  });

  test('a volume with fsGroup that everybody can write is refused', () => {
    chmodSync(dir, 0o2777);
    expect(refusal()).toContain('others may add keys');
  });
});

test('a file that breaks while the broker runs changes nothing, and its problem is told without its content', () => {
  const keyring = fileKeyring(dir, now);
  const { kid } = keyring.sealing();
  writeFileSync(join(dir, 'seal-2.json'), 'PLANTED', { mode: 0o600 });
  expect(keyring.opening('0123456789abcdef')).toBeUndefined();
  expect(keyring.opening(kid)).toBeDefined();
  expect(keyring.problem()).toContain('seal-2.json is not a JSON object');
  expect(keyring.problem()).not.toContain('PLANTED');
});
