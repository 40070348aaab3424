import { readFile, stat } from 'node:fs/promises';
import type { Server as HttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from '../telemetry/log';
import type { After } from '../time/timers';

/** A certificate chain and its private key, in PEM. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** File names of Secrets of type kubernetes.io/tls: https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets */
const CERT_FILE = 'tls.crt';
const KEY_FILE = 'tls.key';

/** Suites of TLS 1.3, and those of TLS 1.2 that keep past traffic secret and have no padding: https://www.rfc-editor.org/rfc/rfc9325#section-4.2 */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/** TLS 1.3 with whoever speaks it, 1.2 with clients that do not yet, and nothing older. */
export function tlsOptions({ cert, key }: KeyPair): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2', ciphers: CIPHERS, honorCipherOrder: true };
}

/** Reads the pair of a folder. Refuses one that no server could use. */
export async function readKeyPair(folder: string): Promise<KeyPair> {
  return usable(await filesOf(folder), folder);
}

async function filesOf(folder: string): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readFile(join(folder, CERT_FILE)), readFile(join(folder, KEY_FILE))]);
  return { cert, key };
}

function usable(pair: KeyPair, folder: string): KeyPair {
  try {
    createSecureContext(tlsOptions(pair));
  } catch (error) {
    // The errors of OpenSSL name neither the file nor, usually, the reason.
    throw new Error(`${CERT_FILE} and ${KEY_FILE} in ${folder} are not a certificate and its private key`, { cause: error });
  }
  return pair;
}

export interface PairWatch {
  /** Takes a changed pair over, if there is one. Never rejects. */
  check(): Promise<void>;
  close(): void;
}

export interface PairWatchOptions {
  readonly folder: string;
  readonly apply: (pair: KeyPair) => void;
  readonly log: Logger;
  /** Milliseconds between two looks; 0 for none but those asked for. */
  readonly every?: number;
}

/**
 * Follows a folder whose files are exchanged when a certificate is renewed. Looking is preferred to
 * watching: a mounted Secret changes by a link to another folder, which file events miss.
 * A pair that cannot be used leaves the old one in place.
 */
export function watchKeyPair({ folder, apply, log, every = 1000 }: PairWatchOptions): PairWatch {
  let seen: Promise<string> | string | undefined = stampOf(folder);
  let told: string | undefined;
  let checking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    // Taken before reading: a file that changes in between changes the stamp of the next look too.
    const stamp = await stampOf(folder);
    if (stamp === await seen) return;
    // What cannot be read now may be a moment later, without a change that would show.
    seen = undefined;
    try {
      const pair = await filesOf(folder);
      seen = stamp;
      told = undefined;
      apply(usable(pair, folder));
      log.info({ folder }, 'the certificate was renewed');
    } catch (error) {
      if (told !== stamp) log.error({ folder, err: error }, 'the new certificate cannot be used; the old one stays');
      told = stamp;
    }
  };
  const check = (): Promise<void> => {
    checking ??= look().finally(() => {
      checking = undefined;
    });
    return checking;
  };
  const timer = every === 0 ? undefined : setInterval(() => void check(), every).unref();
  return { check, close: () => clearInterval(timer) };
}

/** Uses the pair for connections from now on; open ones keep theirs. The server is one that was built with a pair. */
export function useKeyPair(server: NetServer, pair: KeyPair): void {
  (server as HttpsServer).setSecureContext(tlsOptions(pair));
}

/** A certificate that a role makes and renews for itself. */
export interface RenewedCertificate {
  follow(apply: (pair: KeyPair) => void, times: { readonly after: After; readonly random: () => number }): () => void;
}

export interface TlsSource {
  /** @default - the pair of the folder */
  readonly certificate?: RenewedCertificate;
  /** @default - the server speaks plain HTTP, or the certificate is made */
  readonly folder?: string;
  readonly log: Logger;
  readonly after: After;
  readonly random: () => number;
}

/** Takes over each changed pair, until it is ended. */
export function followTls(server: unknown, { certificate, folder, log, after, random }: TlsSource): () => void {
  const apply = (pair: KeyPair): void => useKeyPair(server as NetServer, pair);
  if (certificate !== undefined) return certificate.follow(apply, { after, random });
  const watch = folder === undefined ? undefined : watchKeyPair({ folder, apply, log });
  return () => watch?.close();
}

/** Changes whenever one of the files does. A file that is missing is a state like any other. */
async function stampOf(folder: string): Promise<string> {
  const parts = await Promise.all([CERT_FILE, KEY_FILE].map(async (name) => {
    try {
      const { ino, mtimeMs, ctimeMs, size } = await stat(join(folder, name));
      return [ino, mtimeMs, ctimeMs, size].join(':');
    } catch {
      return 'missing';
    }
  }));
  return parts.join(' ');
}
