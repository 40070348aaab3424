import { join } from 'node:path';
import type { BrokerWorld, WorldContext } from './world';
import type { BROKER_ENV } from '../../../../src/protocol/env';
import { fileKeyring } from '../../crypto/keyring';
import type { Config } from '../../server/program/config';
import { openCallersFile } from '../callers/callers-file';
import { openDirectoryCatalog } from '../catalog/directory/catalog-directory';
import { openRevocationsFile } from '../revocations/revocations-file';
import { openFileSlotStore } from '../slots/file-slot-store';

/** A broker without API server: everything is in files, and it is the only replica. */
export async function openDirectoryWorld(config: Config<typeof BROKER_ENV>, { log, clock }: WorldContext): Promise<BrokerWorld> {
  const { STATE_DIR, KEYRING_DIR = join(STATE_DIR, 'keyring') } = config;
  // The table requires folder and file for a catalog from a directory.
  const catalog = await openDirectoryCatalog({
    dir: config.CATALOG_DIR!,
    read: (content) => log.info({ catalog: content }, 'the catalog was read'),
    refused: (problem) => log.error({ problem }, 'the changed catalog cannot be used; the state from before stays'),
  });
  const callers = await openCallersFile({
    file: config.CALLERS_FILE!,
    refused: (problem) => log.error({ problem }, 'the changed callers file cannot be used; the callers from before stay'),
    warned: (problem) => log.warn({ problem }, 'the callers file is not protected'),
  });
  const keyring = fileKeyring(KEYRING_DIR, clock);
  return {
    catalog,
    callers,
    keyring,
    revocations: await openRevocationsFile(join(STATE_DIR, 'revocations.json'), clock),
    slots: await openFileSlotStore(join(STATE_DIR, 'slots')),
    unready: () => catalog.unready() ?? keyring.problem(),
    close: async () => {
      callers.close();
      await catalog.close();
    },
  };
}
