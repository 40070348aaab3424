import { gzipSync } from 'fflate';

/** Operating system field of a gzip header: unknown. */
const ANY_SYSTEM = 255;

/**
 * Compresses without time and name. Plain JavaScript on purpose: what zlib puts out differs between versions and builds
 * of Node, and the digest of an image must depend on what is in it only.
 */
export function gzip(bytes: Uint8Array): Buffer {
  const packed = Buffer.from(gzipSync(bytes, { level: 6, mtime: 0 }));
  packed[9] = ANY_SYSTEM;
  return packed;
}
