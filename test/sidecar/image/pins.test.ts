import { readFileSync } from 'node:fs';
import { debianSources, parsePins, Pins } from '../../../sidecar/image/pins';
import { DEBIAN_PACKAGES, platformOf, PLATFORMS } from '../../../sidecar/image/platforms';

const committed = (architecture: string): Pins => {
  const file = `sidecar/image/pins/${architecture}.json`;
  return parsePins(readFileSync(file, 'utf8'), file);
};

describe('the committed pins', () => {
  test.each(Object.values(PLATFORMS))('of $architecture name its Node package and all Debian packages', ({ architecture, nodePackage }) => {
    const { node, packages } = committed(architecture);
    expect([node.package, packages.map(({ name }) => name)]).toEqual([nodePackage, [...DEBIAN_PACKAGES]]);
  });

  test('are the same versions for every architecture', () => {
    const versions = Object.keys(PLATFORMS).map((name) => [committed(name).node.version, ...committed(name).packages.map(({ version }) => version)]);
    expect(new Set(versions.map((list) => list.join())).size).toBe(1);
  });

  test('are a Node with long-term support, and not in package.json', () => {
    expect(committed('amd64').node.version).toMatch(/^24\./);
    expect(readFileSync('package.json', 'utf8')).not.toContain('node-linux-');
  });
});

describe('a pins file', () => {
  const valid = committed('amd64');
  const parse = (content: unknown) => parsePins(typeof content === 'string' ? content : JSON.stringify(content), 'pins.json');
  const node = (change: object) => ({ ...valid, node: { ...valid.node, ...change } });
  const debian = (change: object) => ({ ...valid, packages: [{ ...valid.packages[0], ...change }] });

  test('is taken as written', () => {
    expect(parse(valid)).toEqual(valid);
  });

  test.each([
    ['a version range', node({ version: '^24.0.0' }), /node\.version must be an exact version/],
    ['a tag as version', node({ version: 'latest' }), /node\.version must be an exact version/],
    ['a weaker hash', node({ integrity: 'sha1-oLeQPJHYI5Ux0euFCcO5cipvLmY=' }), /node\.integrity must be 'sha512-'/],
    ['no hash', node({ integrity: undefined }), /node\.integrity must be .*, got undefined/],
    ['two hashes', node({ integrity: `${valid.node.integrity} ${valid.node.integrity}` }), /node\.integrity must be/],
    ['an option as package', node({ package: '--global' }), /node\.package must be an npm package name/],
    ['a package from elsewhere', node({ package: 'http://evil.example/x.tgz' }), /node\.package must be/],
    ['an unknown field', node({ registry: 'x' }), /node has the unknown field 'registry', allowed are package, version, integrity/],
    ['a Debian package without hash', debian({ sha256: undefined }), /packages\[0\]\.sha256 must be 64 lower-case/],
    ['a Debian hash that is too short', debian({ sha256: 'abc' }), /packages\[0\]\.sha256 must be 64 lower-case/],
    ['an option as Debian package', debian({ name: '-oDebug=1' }), /packages\[0\]\.name must be a Debian package name/],
    ['an option as Debian version', debian({ version: '-t=sid' }), /packages\[0\]\.version must be a Debian version/],
    ['no Debian packages', { ...valid, packages: [] }, /packages must be a list that is not empty/],
    ['a source with options', { ...valid, sources: ['[trusted=yes] http://x/debian sid main'] }, /sources must be lines/],
    ['a source over two lines', { ...valid, sources: ['http://x/debian sid main\ndeb http://y/debian sid main'] }, /sources must be lines/],
    ['a list', [valid], /the file must be an object/],
    ['no JSON', '{', /not JSON/],
  ])('with %s is refused by name', (_, content, message) => {
    expect(() => parse(content)).toThrow(message);
    expect(() => parse(content)).toThrow(/^pins\.json: /);
  });
});

describe('other Debian sources', () => {
  test('replace the pinned ones', () => {
    expect(debianSources(['http://a/debian trixie main'], 'http://b/debian trixie main; https://c/x trixie-security main')).toEqual(['http://b/debian trixie main', 'https://c/x trixie-security main']);
  });

  test('are not needed', () => {
    expect(debianSources(['http://a/debian trixie main'], undefined)).toEqual(['http://a/debian trixie main']);
  });

  test.each(['', 'http://b/debian', 'file:/x trixie main', 'http://b/debian trixie main;', '[trusted=yes] http://b/debian trixie main'])('%j is refused', (text) => {
    expect(() => debianSources([], text)).toThrow(/IMAGE_DEBIAN_SOURCES must be lines/);
  });
});

test.each(['riscv64', 'amd65', 'constructor', ''])('there is no image for %j', (name) => {
  expect(() => platformOf(name)).toThrow(`no image for architecture '${name}', allowed are amd64, arm64`);
});
