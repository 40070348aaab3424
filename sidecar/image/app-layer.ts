import { basename } from 'node:path';
import type { Entry } from './tar';
import { ENTRY_POINTS } from '../../src/protocol/paths';

/** A file of the bundle folder. */
export interface BundleFile {
  /** Path below the bundle folder. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Whether a file of the bundle folder goes into the image: programs of the servers and licence texts do; source maps,
 * images and the command line of developers do not.
 */
export function isShipped(path: string): boolean {
  return path !== 'cli.mjs' && /\.(mjs|txt)$/.test(path);
}

/**
 * The part of the image that changes from version to version: the bundles.
 *
 * @throws Error when an entry point is missing, as the pods of its role would not start.
 */
export function appLayer(files: readonly BundleFile[]): Entry[] {
  const entries = files.filter(({ path }) => isShipped(path)).map(({ path, bytes }) => ({ path: `app/${path}`, mode: 0o644, bytes }));
  const missing = Object.values(ENTRY_POINTS).filter((entryPoint) => !entries.some(({ path }) => `/${path}` === entryPoint));
  if (missing.length > 0) throw new Error(`the bundle folder has no ${missing.map((path) => basename(path)).join(', ')}; run \`npm run bundle\` first`);
  return entries;
}
