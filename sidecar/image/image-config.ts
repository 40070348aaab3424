import { dirname } from 'node:path';
import { CA_PATH } from './base-layer';
import { PLATFORM_UID, RUNTIME_FILES } from '../../src/protocol/paths';

/** What of the package's description ends up in the image. */
export interface ImageMetadata {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly source: string;
}

/** How containers of the image run. The Dockerfile says the same; a test compares them. */
export function containerConfig(metadata: ImageMetadata): object {
  return {
    User: `${PLATFORM_UID}:${PLATFORM_UID}`,
    Env: Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`),
    Entrypoint: [RUNTIME_FILES.node],
    WorkingDir: '/',
    Labels: {
      'org.opencontainers.image.description': metadata.description,
      'org.opencontainers.image.licenses': metadata.license,
      'org.opencontainers.image.source': metadata.source,
      'org.opencontainers.image.title': 'cdk8s-agent-platform',
      'org.opencontainers.image.version': metadata.version,
    },
  };
}

/** What a configuration tells of a layer: the digest of its unpacked archive, and what it is for. */
export interface LayerRecord {
  readonly diffId: string;
  readonly purpose: string;
}

/** The whole configuration of an image, of which the engines make its id. */
export function imageConfig(architecture: string, metadata: ImageMetadata, created: string, layers: readonly LayerRecord[]): object {
  return {
    architecture,
    os: 'linux',
    created,
    config: containerConfig(metadata),
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ purpose }) => ({ created, created_by: purpose })),
  };
}

const ENVIRONMENT = {
  PATH: dirname(RUNTIME_FILES.node),
  NODE_ENV: 'production',
  // For `NODE_USE_SYSTEM_CA=1`, by which an operator adds a company's CA; without it Node uses the list built into it.
  SSL_CERT_FILE: CA_PATH,
};
