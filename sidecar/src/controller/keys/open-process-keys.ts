import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderEntries } from './folder-entries';
import { PublishedKeys, publishedKeys } from './open-keys';
import type { RoundTimes } from './rounds';
import { publicSet } from './signing-key';
import { SigningKeys } from './signing-keys';
import { BOOTSTRAP_JWKS } from '../../../../src/protocol/session-api';
import { replacePublicFile } from '../../crypto/durable-file';
import { fileKeyring } from '../../crypto/keyring';
import type { Clock } from '../../server/clock';
import type { Logger } from '../../server/log';

export interface ProcessKeysOptions extends RoundTimes {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ProcessKeys extends PublishedKeys {
  /** Folder that session daemons get as `AGENT_TRUST_DIR`. */
  readonly trustDir: string;
}

/** Folders of `STATE_DIR`. A gateway without cluster gets the first as `SESSION_KEYS_DIR`. */
const FOLDERS = { sealing: 'session-keys', signing: 'bootstrap', trust: 'trust' } as const;

/** The keys of a controller without cluster: in files that only it reads, but for the public ones. */
export async function openProcessKeys({ stateDir, clock, log, ...times }: ProcessKeysOptions): Promise<ProcessKeys> {
  const signingDir = join(stateDir, FOLDERS.signing);
  const trustDir = join(stateDir, FOLDERS.trust);
  const sealing = fileKeyring(join(stateDir, FOLDERS.sealing), clock);
  const signing = await SigningKeys.open({ place: signingDir, secret: folderEntries(signingDir), clock });
  mkdirSync(trustDir, { recursive: true, mode: 0o755 });
  writePublicSet(trustDir, publicSet(await signing.refresh()));
  const publish = async (): Promise<void> => {
    try {
      writePublicSet(trustDir, publicSet(await signing.refresh()));
    } catch (err) {
      log.error({ err }, 'the bootstrap keys cannot be renewed or published; those from before stay');
    }
  };
  return { ...publishedKeys(sealing, signing, publish, times), trustDir };
}

function writePublicSet(dir: string, text: string): void {
  if (contentOf(join(dir, BOOTSTRAP_JWKS)) !== text) replacePublicFile(dir, BOOTSTRAP_JWKS, text);
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
