import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { InputError } from '../../server/files/input-error';

/** Certificates as `certificatesIn` answers them. */
export interface TrustBundleParts {
  /** The CAs of the platform. */
  readonly authorities: readonly string[];
  /** Those of `UPSTREAM_CA_FILE`. */
  readonly added: readonly string[];
  /** The public ones. */
  readonly roots: readonly string[];
}

/**
 * Bytes. A ConfigMap takes 1 MiB with everything that others keep in it; the public roots have 220 KiB.
 * https://kubernetes.io/docs/concepts/configuration/configmap/#motivation
 */
export const MAX_TRUST_BUNDLE = 896 * 1024;

const BLOCK = /-----BEGIN ([^-\r\n]*)-----[^-]*-----END \1-----/g;

/**
 * The certificates of a PEM file, in its order and each once, without the text between them. What is published to every
 * agent is refused whole when there is anything but certificates in it: a private key that got into the file stays where it is.
 */
export function certificatesIn(file: string, text: string): readonly string[] {
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length !== text.split('-----BEGIN ').length - 1) throw new InputError(`${file} has a PEM block without its end`);
  if (blocks.length === 0) throw new InputError(`${file} has no certificate in PEM`);
  return [...new Set(blocks.map(([block, label], index) => {
    const place = `${file}: PEM block ${index + 1}`;
    if (label !== 'CERTIFICATE') throw new InputError(`${place} is not a CERTIFICATE; nothing else may be in the file`);
    return canonical(place, block);
  }))];
}

/** Those that Node brings along. They are read here, which takes some milliseconds. */
export function publicRoots(): readonly string[] {
  return certificatesIn('tls.rootCertificates', rootCertificates.join('\n'));
}

/** Whom agents trust: the CAs of the platform first, then what was added, then the public ones. Equal parts make equal bundles. */
export function trustBundle({ authorities, added, roots }: TrustBundleParts): string {
  const bundle = [...new Set([...authorities, ...added, ...roots])].join('');
  const size = Buffer.byteLength(bundle);
  if (size > MAX_TRUST_BUNDLE) throw new InputError(`the bundle of ${added.length} added and ${roots.length} public certificates has ${size} bytes, of at most ${MAX_TRUST_BUNDLE}`);
  return bundle;
}

/** In lines of 64 characters, as every reader of PEM takes it: https://www.rfc-editor.org/rfc/rfc7468#section-2 */
function canonical(place: string, block: string): string {
  try {
    return new X509Certificate(block).toString();
  } catch {
    throw new InputError(`${place} is not a certificate that can be read`);
  }
}
