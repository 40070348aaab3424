import { readFile, stat } from 'node:fs/promises';
import type { Server as HttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from './log';

/** A certificate chain and its private key, in PEM. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** File names of Secrets of type kubernetes.io/tls: https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets */
const CERT_FILE = 'tls.crt';
const KEY_FILE = 'tls.key';

/** Both ends are ours or current, so nothing older is spoken. */
export function tlsOptions({ cert, key }: KeyPair): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.3' };
}

/** Reads the pair of a folder. Refuses one that no server could use. */
export async function readKeyPair(folder: string): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readFile(join(folder, CERT_FILE)), readFile(join(folder, KEY_FILE))]);
  try {
    createSecureContext(tlsOptions({ cert, key }));
  } catch (error) {
    // The errors of OpenSSL name neither the file nor, usually, the reason.
    throw new Error(`${CERT_FILE} and ${KEY_FILE} in ${folder} are not a certificate and its private key`, { cause: error });
  }
  return { cert, key };
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
  let seen: Promise<string> | string = stampOf(folder);
  let checking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    // Taken before reading: a file that changes in between changes the stamp of the next look too.
    const stamp = await stampOf(folder);
    if (stamp === await seen) return;
    seen = stamp;
    try {
      apply(await readKeyPair(folder));
      log.info({ folder }, 'the certificate was renewed');
    } catch (error) {
      log.error({ folder, err: error }, 'the new certificate cannot be used; the old one stays');
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
