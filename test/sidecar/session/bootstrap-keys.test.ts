import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newP256Pair, p256ToJwk } from '../../../sidecar/src/crypto/p256';
import { followedKeys } from '../../../sidecar/src/session/bootstrap-keys';
import { tempFolder } from '../../helpers/temp-folder';
import { capturedLog } from '../server/frame';

const folder = tempFolder();
const file = join(folder, 'bootstrap-jwks.json');
const EMPTY = `there is no bootstrap key in ${file} yet`;

const jwks = (...kids: string[]) => JSON.stringify({ keys: kids.map((kid) => ({ ...p256ToJwk(newP256Pair().publicKey), kid })) });

/** As the kubelet does: the new content is there at once or not at all. */
function write(text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function following() {
  const world = { now: 0 };
  const { log, text } = capturedLog();
  const keys = followedKeys(folder, () => world.now, log);
  const kids = () => keys.current().map(({ kid }) => kid);
  return { kids, text, unready: keys.unready, later: (milliseconds = 1000) => world.now += milliseconds };
}

beforeEach(() => rmSync(file, { force: true }));

test('without the file there is no key and no readiness, and both come with it', () => {
  const { kids, unready, later } = following();
  expect(unready()).toBe(EMPTY);
  write('');
  later();
  expect(unready()).toBe(EMPTY);
  write('{"keys":[]}');
  later();
  expect(unready()).toBe(EMPTY);
  write(jwks('a'));
  later();
  expect(unready()).toBeUndefined();
  expect(kids()).toEqual(['a']);
});

test('a key that is added is there within a second, and one that is taken away is gone', () => {
  write(jwks('a'));
  const { kids, later } = following();
  expect(kids()).toEqual(['a']);
  write(jwks('a', 'b'));
  later(999);
  expect(kids()).toEqual(['a']);
  later(1);
  expect(kids()).toEqual(['a', 'b']);
  write(jwks('b'));
  later();
  expect(kids()).toEqual(['b']);
});

test('a file that cannot be used leaves the keys from before, and is told once', () => {
  write(jwks('a'));
  const { kids, later, text, unready } = following();
  kids();
  write('{"keys":[{"kty":"oct","k":"planted-77aa"}]}');
  for (let times = 0; times < 3; times += 1) {
    later();
    expect(kids()).toEqual(['a']);
  }
  expect(unready()).toBeUndefined();
  expect(text().split('those from before stay')).toHaveLength(2);
  expect(text()).toContain('key 1 is not public');
  expect(text()).not.toContain('planted-77aa');
});

test('a file that cannot be used from the start is no reason to be ready', () => {
  write('{"keys":');
  expect(following().unready()).toBe(EMPTY);
});

test('a file that is emptied takes the keys with it', () => {
  write(jwks('a'));
  const { kids, later, unready } = following();
  kids();
  write('');
  later();
  expect(kids()).toEqual([]);
  expect(unready()).toBe(EMPTY);
});

test('a clock that is set back does not keep it from looking', () => {
  const { kids, later } = following();
  expect(kids()).toEqual([]);
  write(jwks('a'));
  later(-3_600_000);
  expect(kids()).toEqual(['a']);
});
