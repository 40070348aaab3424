import fc from 'fast-check';
import { mebibytes, runtimeListOf, sizeOf } from '../../../sidecar/src/install-runtime/list';
import { RUNTIME_MEBIBYTES } from '../../../src/protocol/runtime';

const FILE = { path: 'bin/node', executable: true, size: 3, sha256: 'a'.repeat(64) };
const ROOM = RUNTIME_MEBIBYTES * 1024 * 1024;
const listed = (...files: object[]) => runtimeListOf(JSON.stringify({ files }));

test('a list gives its files, and their size', () => {
  const list = listed(FILE, { ...FILE, path: 'lib/ld-linux-x86-64.so.2', size: 4 }, { ...FILE, path: 'lib/libstdc++.so.6', size: 0 });
  expect(list.files.map(({ path }) => path)).toEqual(['bin/node', 'lib/ld-linux-x86-64.so.2', 'lib/libstdc++.so.6']);
  expect([sizeOf(list), mebibytes(sizeOf(list)), mebibytes(1024 * 1024)]).toEqual([7, 1, 1]);
});

test.each(['', 'no JSON', '{"files":'])('%j is refused as no JSON', (text) => {
  expect(() => runtimeListOf(text)).toThrow('/app/runtime.json is not JSON');
});

test.each(['null', '1', '[]', '{}', '{"files":{}}', '{"files":[]}'])('%s is refused, as it lists nothing', (text) => {
  expect(() => runtimeListOf(text)).toThrow('/app/runtime.json lists no files');
});

test.each<[string, unknown]>([
  ['a path upwards', { ...FILE, path: '../node' }],
  ['a path upwards in the middle', { ...FILE, path: 'lib/../../node' }],
  ['an absolute path', { ...FILE, path: '/bin/node' }],
  ['a hidden file', { ...FILE, path: 'bin/.node' }],
  ['an empty part', { ...FILE, path: 'bin//node' }],
  ['a path with a line end', { ...FILE, path: 'bin/node\n' }],
  ['a negative size', { ...FILE, size: -1 }],
  ['half a byte', { ...FILE, size: 1.5 }],
  ['no size', { ...FILE, size: undefined }],
  ['a short hash', { ...FILE, sha256: 'a'.repeat(63) }],
  ['a hash in capital letters', { ...FILE, sha256: 'A'.repeat(64) }],
  ['a mode in place of executable', { ...FILE, executable: 0o755 }],
  ['null', null],
])('%s is refused', (_name, file) => {
  expect(() => runtimeListOf(JSON.stringify({ files: [FILE, file] }))).toThrow('lists what is no file of the runtime');
});

test('a file twice is refused', () => {
  expect(() => listed(FILE, FILE)).toThrow('lists a file twice');
});

test('as much as workers have room for is taken, and not a byte more', () => {
  expect(() => listed({ ...FILE, size: ROOM })).not.toThrow();
  expect(() => listed({ ...FILE, size: ROOM }, { ...FILE, path: 'b', size: 1 })).toThrow('the runtime takes 257 MiB, and workers have room for 256');
});

test('no path of a list leads out of the folder', () => {
  const part = fc.constantFrom('..', '.', '', 'a', 'b.c', '.d', 'e f', '\\', 'g\0');
  fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
    const isPlain = parts.every((one) => ['a', 'b.c'].includes(one));
    try {
      listed({ ...FILE, path: parts.join('/') });
      return isPlain;
    } catch {
      return !isPlain;
    }
  }));
});
