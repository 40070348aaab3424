import { configMapFolder, Mounted, secretFolder, tokenFolder } from './mounted';
import { BROKER_AUDIENCE } from '../protocol/names';
import { CA_KEY, OBJECTS, TOKEN_FILE } from '../protocol/objects';
import { PATHS } from '../protocol/paths';

/** How a part of the platform reaches the broker. */
export interface BrokerAccess {
  readonly url: string;
  /** An existing Secret with its certificate and the authority behind it; without it the broker publishes its own. */
  readonly tlsSecret?: string;
}

/** The variables of the broker. */
export function brokerEnv({ url }: BrokerAccess) {
  return { BROKER_URL: url, BROKER_CA_FILE: `${PATHS.brokerCa}/${CA_KEY}`, BROKER_TOKEN_FILE: `${PATHS.brokerToken}/${TOKEN_FILE}` };
}

/** The files of the broker: whom to trust, and a token that it alone takes. */
export function brokerFolders(access: BrokerAccess): Mounted[] {
  return [brokerCa(access), tokenFolder('broker-token', BROKER_AUDIENCE, PATHS.brokerToken)];
}

/** Of an existing Secret only the certificate of the authority, never the key. What the broker publishes may come after its callers. */
function brokerCa({ tlsSecret }: BrokerAccess): Mounted {
  if (tlsSecret === undefined) return configMapFolder('broker-ca', OBJECTS.brokerCa, PATHS.brokerCa);
  return secretFolder('broker-ca', tlsSecret, PATHS.brokerCa, { keys: [CA_KEY] });
}
