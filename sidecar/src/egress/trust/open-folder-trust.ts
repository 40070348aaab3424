import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundleOf, EgressTrust, egressTrust, TrustContext } from './open-trust';
import { TRUST_KEYS } from '../../../../src/protocol/objects';
import { CA_BUNDLE } from '../../../../src/protocol/session-api';
import { keepPublicFile } from '../../crypto/durable-file';
import { folderEntries } from '../../crypto/folder-entries';
import { openAuthorities } from '../authority/authorities';

export interface FolderTrustOptions extends TrustContext {
  readonly stateDir: string;
  /** How agents reach the proxy. */
  readonly proxyUrl: string;
}

export interface FolderTrust extends EgressTrust {
  /** Folder with what is published, as agents have it mounted in a cluster. */
  readonly trustDir: string;
}

/** Folders of `STATE_DIR`. */
const FOLDERS = { authorities: 'egress-ca', trust: 'trust' } as const;

/** The trust of a proxy without cluster: in files that only it reads, but for what is published. */
export async function openFolderTrust(options: FolderTrustOptions): Promise<FolderTrust> {
  const { stateDir, proxyUrl, load, clock, log } = options;
  const place = join(stateDir, FOLDERS.authorities);
  const trustDir = join(stateDir, FOLDERS.trust);
  const authorities = await openAuthorities(load, { place, secret: folderEntries(place), clock });
  mkdirSync(trustDir, { recursive: true, mode: 0o755 });
  const bundle = bundleOf(authorities, options);
  const write = async (): Promise<void> => {
    keepPublicFile(trustDir, CA_BUNDLE, await bundle());
    keepPublicFile(trustDir, TRUST_KEYS.proxyUrl, proxyUrl);
  };
  await write();
  const publish = (): Promise<void> => write().catch((err: unknown) => log.error({ err }, 'the CAs of the egress proxy cannot be renewed or published; those from before stay'));
  return { ...egressTrust(authorities, publish, options), trustDir };
}
