import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PublishedKeys, publishedKeys } from './open-keys';
import { publicSet } from './signing-key';
import { openSigningKeys } from './signing-keys';
import { BOOTSTRAP_JWKS } from '../../../../src/protocol/session-api';
import { keepPublicFile } from '../../crypto/durable-file';
import { folderEntries } from '../../crypto/folder-entries';
import { fileKeyring } from '../../crypto/keyring';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import type { RoundTimes } from '../../server/time/rounds';

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
  const signing = await openSigningKeys({ place: signingDir, secret: folderEntries(signingDir), clock });
  mkdirSync(trustDir, { recursive: true, mode: 0o755 });
  keepPublicFile(trustDir, BOOTSTRAP_JWKS, publicSet(await signing.refresh()));
  const publish = async (): Promise<void> => {
    try {
      keepPublicFile(trustDir, BOOTSTRAP_JWKS, publicSet(await signing.refresh()));
    } catch (err) {
      log.error({ err }, 'the bootstrap keys cannot be renewed or published; those from before stay');
    }
  };
  return { ...publishedKeys(sealing, signing, publish, times), trustDir };
}
