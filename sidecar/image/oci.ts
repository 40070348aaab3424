import { gzip } from './gzip';
import { imageConfig, ImageMetadata } from './image-config';
import { sha256 } from './integrity';
import { Entry, tar } from './tar';

/** Media types of https://github.com/opencontainers/image-spec. */
const TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** What an image is made of. */
export interface ImageParts {
  readonly architecture: string;
  readonly metadata: ImageMetadata;
  /** From the one that changes least to the one that changes most. */
  readonly layers: readonly { readonly purpose: string; readonly entries: readonly Entry[] }[];
  /** The one time in the image, in seconds since 1970. */
  readonly seconds: number;
}

/** What pins the image: the content of the digest file. */
export interface ImageDigest {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly platform: string;
  /** Digest of the configuration, which engines and kubelets show as image id. */
  readonly config: string;
  readonly created: string;
  readonly version: string;
  /** Name that the archive carries, for local use. */
  readonly localName: string;
}

interface Blob {
  readonly descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly bytes: Buffer;
}

/**
 * An image as one archive: an OCI image layout that `docker load` reads as well.
 *
 * @returns the archive's bytes, and what pins the image. Both depend on the parts only.
 */
export function ociArchive(parts: ImageParts): { archive: Buffer; digest: ImageDigest } {
  const { architecture, metadata, seconds } = parts;
  const created = new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
  const layers = parts.layers.map(({ purpose, entries }) => {
    const plain = tar(entries, seconds);
    return { purpose, diffId: sha256(plain), blob: blob(TYPES.layer, gzip(plain)) };
  });
  const config = json(TYPES.config, imageConfig(architecture, metadata, created, layers));
  const manifest = json(TYPES.manifest, {
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: config.descriptor,
    layers: layers.map((layer) => layer.blob.descriptor),
  });
  const localName = `localhost/cdk8s-agent-platform:${metadata.version}`;
  const digest = {
    ...manifest.descriptor,
    platform: `linux/${architecture}`,
    config: config.descriptor.digest,
    created,
    version: metadata.version,
    localName,
  };
  const blobs = [config, manifest, ...layers.map((layer) => layer.blob)];
  const entries = [
    ...blobs.map(({ descriptor, bytes }) => ({ path: pathOf(descriptor.digest), mode: 0o644, bytes })),
    file('oci-layout', { imageLayoutVersion: '1.0.0' }),
    file('index.json', index(manifest, architecture, localName, metadata.version)),
    // Docker older than 25 looks for this one.
    file('manifest.json', [{
      Config: pathOf(config.descriptor.digest),
      RepoTags: [localName],
      Layers: layers.map((layer) => pathOf(layer.blob.descriptor.digest)),
    }]),
  ];
  return { archive: tar(entries, seconds), digest };
}

function index(manifest: Blob, architecture: string, localName: string, version: string): object {
  const annotations = { 'io.containerd.image.name': localName, 'org.opencontainers.image.ref.name': version };
  return { schemaVersion: 2, mediaType: TYPES.index, manifests: [{ ...manifest.descriptor, platform: { architecture, os: 'linux' }, annotations }] };
}

function json(mediaType: string, content: object): Blob {
  return blob(mediaType, Buffer.from(JSON.stringify(content)));
}

function blob(mediaType: string, bytes: Buffer): Blob {
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length }, bytes };
}

function file(path: string, content: object): Entry {
  return { path, mode: 0o644, bytes: Buffer.from(JSON.stringify(content)) };
}

function pathOf(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}
