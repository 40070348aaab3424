import { dirname } from 'node:path';
import { fileStamp, readText } from '../../server/files/read-file';
import { openReloaded } from '../../server/files/reloaded';
import type { Logger } from '../../server/telemetry/log';
import { certificatesIn } from '../authority/trust-bundle';

/** The certificates of `UPSTREAM_CA_FILE`. */
export interface UpstreamAuthorities {
  /** In PEM; the same array as long as they are the same. */
  current(): readonly string[];
  close(): void;
}

const MAX_FILE = 1024 * 1024;
const NOBODY: readonly string[] = [];
const NONE: UpstreamAuthorities = { current: () => NOBODY, close: () => undefined };

/** Follows the file. Rejects when it cannot be used at the start; later, those from before stay. */
export async function openUpstreamAuthorities(file: string | undefined, log: Pick<Logger, 'error' | 'info'>): Promise<UpstreamAuthorities> {
  if (file === undefined) return NONE;
  return openReloaded({
    stamp: () => fileStamp(file),
    load: async () => certificatesIn(file, await readText(file, MAX_FILE)),
    folders: async () => [dirname(file)],
    refused: (problem) => log.error({ problem }, 'the changed authorities of upstreams cannot be used; those from before stay'),
    changed: () => log.info({ file }, 'the authorities of upstreams were read again'),
  });
}
