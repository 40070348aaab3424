import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOOTSTRAP_JWKS } from '../../../src/protocol/session-api';
import { parsePublicKeys } from '../crypto/public-keys';
import { KeyRefusal, VerifyingKey } from '../crypto/signed-token';
import type { Logger } from '../server/telemetry/log';
import type { Clock } from '../server/time/clock';

/** The public keys of those who may give the daemon its session. */
export interface BootstrapKeys {
  /** As they are now; none when they are not known yet. */
  current(): readonly VerifyingKey[];
  /** Why there are none; undefined when there are. */
  unready(): string | undefined;
}

/** Keys that stay the same. */
export function fixedKeys(keys: readonly VerifyingKey[]): BootstrapKeys {
  return { current: () => keys, unready: () => undefined };
}

/** Milliseconds between two looks. The kubelet brings a changed ConfigMap within a minute or so. */
const LOOK_AGAIN = 1000;

/**
 * The keys of `bootstrap-jwks.json` in a folder, which the controller fills some time after the pod has started and
 * changes when it rotates its key. A file that cannot be used leaves the keys from before; one that is empty or gone does not.
 */
export function followedKeys(folder: string, clock: Clock, log: Logger): BootstrapKeys {
  const file = join(folder, BOOTSTRAP_JWKS);
  let keys: readonly VerifyingKey[] = [];
  let seen: string | undefined;
  let lookedAt = -Infinity;

  const look = (): void => {
    const text = contentOf(file);
    if (text === seen) return;
    seen = text;
    try {
      keys = parsePublicKeys(text);
      log.info({ file, keys: keys.length }, 'the bootstrap keys were read');
    } catch (err) {
      if (!(err instanceof KeyRefusal)) throw err;
      log.error({ file, err }, 'the bootstrap keys cannot be used; those from before stay');
    }
  };
  const current = (): readonly VerifyingKey[] => {
    const now = clock();
    // A clock that was set back must not keep this from looking.
    if (Math.abs(now - lookedAt) >= LOOK_AGAIN) {
      lookedAt = now;
      look();
    }
    return keys;
  };
  return { current, unready: () => current().length > 0 ? undefined : `there is no bootstrap key in ${file} yet` };
}

/** A file that is not there is as good as an empty one. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
