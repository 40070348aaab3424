import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ApiKeysFile, ControllerTokensFile, PoolsFile } from '../../../src/protocol/session-pools';
import { POOL_DEFAULTS } from '../../../src/protocol/session-pools';

/** What there is when nothing else is asked for. */
export const DEV_POOL = { namespace: 'default', name: 'sandbox', replicas: 2, ...POOL_DEFAULTS } as const;

/** What is given by the environment; the rest is made. */
export interface GivenFiles {
  readonly STATE_DIR?: string;
  readonly POOLS_FILE?: string;
  readonly API_KEYS_FILE?: string;
}

export interface DevFiles {
  readonly stateDir: string;
  readonly poolsFile: string;
  readonly callersFile: string;
  readonly tokenFile: string;
  readonly apiKeysFile: string;
  /** @default - the keys are given, and nobody but their owners knows them */
  readonly apiKey?: string;
  /** Removes what nobody will look for again. */
  remove(): void;
}

/** The files by which controller and gateway know each other and their clients, with secrets that are new each time. */
export function devFiles({ STATE_DIR, POOLS_FILE, API_KEYS_FILE }: GivenFiles): DevFiles {
  const temporary = STATE_DIR === undefined;
  const stateDir = temporary ? mkdtempSync(join(tmpdir(), 'agent-platform-dev-')) : resolve(STATE_DIR);
  const folder = join(stateDir, 'dev');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const token = newSecret();
  const apiKey = API_KEYS_FILE === undefined ? newSecret() : undefined;
  const callers: ControllerTokensFile = { [token]: { namespace: 'dev', serviceAccount: 'gateway', onBehalf: true } };
  const pools: PoolsFile = { pools: [DEV_POOL] };
  return {
    stateDir,
    poolsFile: POOLS_FILE ?? write('pools.json', JSON.stringify(pools)),
    callersFile: write('callers.json', JSON.stringify(callers)),
    tokenFile: write('controller-token', token),
    apiKeysFile: API_KEYS_FILE ?? write('api-keys.json', JSON.stringify(keysFile(apiKey!))),
    apiKey,
    remove: () => {
      if (temporary) rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function keysFile(key: string): ApiKeysFile {
  return { [`sha256:${createHash('sha256').update(key).digest('hex')}`]: { name: 'dev' } };
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
