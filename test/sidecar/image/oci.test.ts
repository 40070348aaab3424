import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { gzip } from '../../../sidecar/image/gzip';
import { sha256 } from '../../../sidecar/image/integrity';
import { ImageParts, ociArchive } from '../../../sidecar/image/oci';
import { tar } from '../../../sidecar/image/tar';
import { Archive } from '../../../sidecar/image/untar';
import { SidecarImage } from '../../../src';
import { tempFolder } from '../../helpers/temp-folder';

const file = (path: string, text: string) => ({ path, mode: 0o644, bytes: Buffer.from(text) });
const METADATA = { version: '1.2.3', description: 'about', license: 'Apache-2.0', source: 'https://example.com/x' };
const PARTS: ImageParts = {
  architecture: 'amd64',
  metadata: METADATA,
  layers: [{ purpose: 'base', entries: [file('usr/bin/node', 'node')] }, { purpose: 'servers', entries: [file('app/broker.mjs', 'broker')] }],
  seconds: 0,
};

/** The image as a registry would serve it: every blob found by its digest, each digest checked. */
function opened(archive: Buffer) {
  const files = new Archive(archive, 'image');
  const blob = (digest: string): Buffer => {
    const bytes = files.read(`blobs/${digest.replace(':', '/')}`);
    expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(digest);
    return bytes;
  };
  const json = (digest: string) => JSON.parse(blob(digest).toString());
  const text = (path: string) => JSON.parse(files.read(path).toString());
  const [descriptor] = text('index.json').manifests;
  const manifest = json(descriptor.digest);
  return { files, blob, text, descriptor, manifest, config: json(manifest.config.digest) };
}

describe('an image', () => {
  const { archive, digest } = ociArchive(PARTS);
  const image = opened(archive);
  const folder = tempFolder();

  test('is the same when it is built again', () => {
    expect(ociArchive(structuredClone({ ...PARTS, layers: [...PARTS.layers] }))).toEqual({ archive, digest });
  });

  test('has the digest that its index gives, and the digest file says', () => {
    const { mediaType, digest: reference, size } = image.descriptor;
    expect(digest).toMatchObject({ mediaType, digest: reference, size, platform: 'linux/amd64', config: image.manifest.config.digest, created: '1970-01-01T00:00:00Z', version: '1.2.3' });
  });

  test('has layers whose digests, packed and unpacked, are true', () => {
    const unpacked = image.manifest.layers.map((layer: { digest: string; size: number }) => {
      expect(image.blob(layer.digest)).toHaveLength(layer.size);
      return sha256(gunzipSync(image.blob(layer.digest)));
    });
    expect(unpacked).toEqual(image.config.rootfs.diff_ids);
  });

  test('holds the files of the layers', () => {
    const [base, app]: Archive[] = image.manifest.layers.map((layer: { digest: string }) => new Archive(gunzipSync(image.blob(layer.digest)), 'layer'));
    expect([base.read('usr/bin/node').toString(), app.read('app/broker.mjs').toString()]).toEqual(['node', 'broker']);
  });

  test('holds no blob that nothing names', () => {
    const named = [image.descriptor, image.manifest.config, ...image.manifest.layers].map(({ digest: one }) => `blobs/${one.replace(':', '/')}`);
    expect(image.files.find(/^blobs\//)).toEqual(named.sort());
  });

  test('is loadable by docker, which reads another list', () => {
    const [listed] = image.text('manifest.json');
    expect(listed.RepoTags).toEqual(['localhost/cdk8s-agent-platform:1.2.3']);
    expect([listed.Config, ...listed.Layers]).toEqual([image.manifest.config, ...image.manifest.layers].map(({ digest: one }) => `blobs/${one.replace(':', '/')}`));
  });

  test('carries the name by which containerd imports it', () => {
    expect(image.descriptor.annotations).toMatchObject({ 'io.containerd.image.name': digest.localName });
  });

  test('is pinned by its digest file', () => {
    const path = join(folder, 'image.digest.json');
    writeFileSync(path, JSON.stringify(digest));
    expect(SidecarImage.fromDigestFile('example.com/app', path).reference).toBe(`example.com/app@${digest.digest}`);
  });

  test.each([
    ['a file', { layers: [PARTS.layers[0], { purpose: 'servers', entries: [file('app/broker.mjs', 'other')] }] }],
    ['a mode', { layers: [PARTS.layers[0], { purpose: 'servers', entries: [{ ...file('app/broker.mjs', 'broker'), mode: 0o755 }] }] }],
    ['the date', { seconds: 1 }],
    ['the architecture', { architecture: 'arm64' }],
    ['the version', { metadata: { ...METADATA, version: '1.2.4' } }],
  ])('has another digest when %s changes', (_, change) => {
    expect(ociArchive({ ...PARTS, ...change }).digest.digest).not.toBe(digest.digest);
  });

  test('keeps the base layer when only the servers change', () => {
    const other = opened(ociArchive({ ...PARTS, layers: [PARTS.layers[0], { purpose: 'servers', entries: [file('app/broker.mjs', 'other')] }] }).archive);
    expect(other.manifest.layers[0]).toEqual(image.manifest.layers[0]);
  });

  test('of a date is of that date throughout', () => {
    const { config } = opened(ociArchive({ ...PARTS, seconds: 1_700_000_000 }).archive);
    expect([config.created, ...config.history.map(({ created }: { created: string }) => created)]).toEqual(Array(3).fill('2023-11-14T22:13:20Z'));
  });
});

describe('packing', () => {
  // 64 KiB that compress a little, the same everywhere.
  const bytes = Buffer.concat(Array.from({ length: 2048 }, (_, index) => createHash('sha256').update(String(index % 1500)).digest()));

  test('gives back what was packed', () => {
    expect(gunzipSync(gzip(bytes))).toEqual(bytes);
  });

  test('leaves out time, name and operating system', () => {
    expect(gzip(bytes).subarray(0, 10).toString('hex')).toMatch(/^1f8b080000000000..ff$/);
  });

  test('gives the same bytes on every machine and with every Node', () => {
    expect(sha256(gzip(tar([file('a', 'b')], 0)))).toBe('sha256:e037b0e34a2de3e787ebdfaaec735c16d0a109d4ca7d567feb330e26f15bc983');
    expect(sha256(gzip(bytes))).toBe('sha256:53779ce3f80bf0cfbf97367a81a3824d258af01ed8c0a89c4946861448251cac');
  });
});
