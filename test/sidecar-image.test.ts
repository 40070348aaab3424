import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SidecarImage } from '../src';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test('a digest pins the content', () => {
  const image = SidecarImage.fromDigest('registry.example.com:5000/team/agent-platform', DIGEST);
  expect(image).toMatchObject({ reference: `registry.example.com:5000/team/agent-platform@${DIGEST}`, pinned: true });
});

test('a full reference with a digest is taken', () => {
  expect(SidecarImage.fromReference(`example.com/app@${DIGEST}`).pinned).toBe(true);
});

test('a tag is taken only where the caller names the risk', () => {
  expect(SidecarImage.fromMutableTag('example.com/app', 'v1')).toMatchObject({ reference: 'example.com/app:v1', pinned: false });
});

test.each([
  ['example.com/app:v1', /has no digest/],
  ['example.com/app', /fromMutableTag/],
  [`example.com/app:v1@${DIGEST}`, /without tag or digest/],
  ['example.com/app@sha256:abc', /64 lower-case hexadecimal/],
  [`example.com/app@sha256:${'A'.repeat(64)}`, /64 lower-case hexadecimal/],
  [`example.com/app@md5:${'a'.repeat(64)}`, /sha256/],
  [`Example.com/App@${DIGEST}`, /registry path/],
  [`@${DIGEST}`, /registry path/],
])('the reference %s is refused', (reference, message) => {
  expect(() => SidecarImage.fromReference(reference)).toThrow(message);
});

test.each(['', '.hidden', '-x', 'a b', 'x'.repeat(129)])('the tag %j is refused', (tag) => {
  expect(() => SidecarImage.fromMutableTag('example.com/app', tag)).toThrow(/image tag must be/);
});

describe('a digest file', () => {
  const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
  const folder = mkdtempSync(join(tmpdir(), 'digest-'));
  const file = join(folder, 'image.digest.json');
  afterAll(() => rmSync(folder, { recursive: true }));

  const read = (content: unknown) => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return SidecarImage.fromDigestFile('example.com/app', file);
  };

  test.each([MANIFEST, 'application/vnd.oci.image.index.v1+json'])('of a %s pins the image in any repository', (mediaType) => {
    expect(read({ digest: DIGEST, mediaType, platform: 'linux/amd64' })).toMatchObject({ reference: `example.com/app@${DIGEST}`, pinned: true });
  });

  test.each([
    ['without digest', { mediaType: MANIFEST }, /digest must be 'sha256:' and 64 lower-case hexadecimal digits, got undefined/],
    ['with another hash', { mediaType: MANIFEST, digest: `sha512:${'a'.repeat(128)}` }, /digest must be 'sha256:'/],
    ['with a digest in capitals', { mediaType: MANIFEST, digest: `sha256:${'A'.repeat(64)}` }, /lower-case/],
    ['with a digest and more behind it', { mediaType: MANIFEST, digest: `${DIGEST}\n` }, /digest must be/],
    ['with a list of digests', { mediaType: MANIFEST, digest: [DIGEST] }, /digest must be/],
    ['of a layer', { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: DIGEST }, /mediaType must be 'application\/vnd\.oci\.image\.manifest/],
    ['without media type', { digest: DIGEST }, /mediaType must be .*, got undefined/],
    ['that is a list', [DIGEST], /must be an object with digest and mediaType/],
    ['that is null', 'null', /must be an object/],
    ['that is empty', '', /must be JSON as 'npm run image' writes it/],
    ['that is the digest alone', DIGEST, /must be JSON/],
  ])('%s is refused by name', (_, content, message) => {
    expect(() => read(content)).toThrow(message);
    expect(() => read(content)).toThrow(`'${file}'`);
  });

  test('that is not there is refused by name', () => {
    expect(() => SidecarImage.fromDigestFile('example.com/app', join(folder, 'none.json'))).toThrow(/none\.json' must be JSON .*ENOENT/);
  });

  test('does not excuse a repository with a tag', () => {
    writeFileSync(file, JSON.stringify({ digest: DIGEST, mediaType: MANIFEST }));
    expect(() => SidecarImage.fromDigestFile('example.com/app:v1', file)).toThrow(/without tag or digest/);
  });
});
