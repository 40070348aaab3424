import { OpenStore, openStore } from './open-store';
import { parseStoreUrl, StoreTarget } from './store-url';
import { textNow } from '../server/files/read-file';
import type { Clock } from '../server/time/clock';

/** How a role was told to reach the store. */
export interface StoreConfig {
  readonly STORE_URL: string;
  readonly STORE_PASSWORD_FILE?: string;
  readonly STORE_CA_FILE?: string;
}

/** What is wrong with it. Nothing but one process sees what is in its memory. */
export function storeProblems(config: StoreConfig): string[] {
  try {
    return targetOf(config).kind === 'memory' ? ['STORE_URL is memory:, which no other process sees; the role dev has controller and gateway in one'] : [];
  } catch (error) {
    return [`STORE_URL ${(error as Error).message}`];
  }
}

/** Password and authorities are read whenever a connection is made. */
export function configuredStore(config: StoreConfig, clock: Clock): OpenStore {
  const { STORE_PASSWORD_FILE, STORE_CA_FILE } = config;
  return openStore(targetOf(config), {
    clock,
    ...(STORE_PASSWORD_FILE === undefined ? {} : { password: () => textNow(STORE_PASSWORD_FILE) }),
    ...(STORE_CA_FILE === undefined ? {} : { ca: () => textNow(STORE_CA_FILE) }),
  });
}

function targetOf({ STORE_URL, STORE_PASSWORD_FILE }: StoreConfig): StoreTarget {
  return parseStoreUrl(STORE_URL, { hasPasswordFile: STORE_PASSWORD_FILE !== undefined });
}
