import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOSTS, TOKENS, writeFolders } from './documents';
import { makeAuthority, makeServingPair } from '../../sidecar/src/crypto/self-made-certificate';
import type { BrokerFolders } from '../broker/documents';

/** Name of the broker, as its certificate has it. */
export const BROKER = 'localhost';

/** Where the servers find their things. */
export interface Places {
  readonly folder: string;
  readonly broker: BrokerFolders;
  /** PEM of the authority of all servers but the proxies. */
  readonly ca: string;
  readonly caFile: string;
  readonly egressTokenFile: string;
  /** Folder with `tls.crt` and `tls.key` of a server. */
  folderOf(name: string): string;
}

const DAY = 24 * 60 * 60 * 1000;

export async function writePlaces(folder: string): Promise<Places> {
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const validity = { now: Date.now(), notAfter: Date.now() + DAY };
  const authority = await makeAuthority('authority of this benchmark', validity);
  for (const name of [BROKER, HOSTS.api]) {
    const { cert, key } = await makeServingPair(authority, [name], validity);
    mkdirSync(join(folder, name));
    write(join(name, 'tls.crt'), cert);
    write(join(name, 'tls.key'), key);
  }
  return {
    folder,
    broker: writeFolders(join(folder, 'broker')),
    ca: authority.cert,
    caFile: write('ca.pem', authority.cert),
    egressTokenFile: write('egress-token', TOKENS.egress),
    folderOf: (name) => join(folder, name),
  };
}
