import { EnvSetting } from './environment';
import { configMapFiles, configMapFolder, Mounted, secretFolder } from './mounted';
import { CA_KEY, OBJECTS, STORE_ACCESS_KEYS, STORE_USER } from '../protocol/objects';
import { PATHS } from '../protocol/paths';
import { PORTS } from '../protocol/ports';

/** A key of a Secret or ConfigMap in the platform's namespace. */
export interface NamedKey {
  readonly name: string;
  readonly key: string;
}

/** How controller and gateway reach the store: that of the platform, or an existing one by the URL in a Secret. */
export type StoreAccess =
  | { readonly kind: 'own' }
  | { readonly kind: 'existing'; readonly url: NamedKey; readonly ca?: NamedKey };

type StoreEnv = { readonly [Name in 'STORE_URL' | 'STORE_PASSWORD_FILE' | 'STORE_CA_FILE']?: EnvSetting };

const CA_FILE = `${PATHS.storeCa}/${CA_KEY}`;

/** The variables of the store. A store of the platform has no password in its URL: that is in a file, which changes with the Secret. */
export function storeEnv(access: StoreAccess, namespace: string): StoreEnv {
  if (access.kind === 'existing') return { STORE_URL: { secretKeyRef: access.url }, ...(access.ca === undefined ? {} : { STORE_CA_FILE: CA_FILE }) };
  return {
    STORE_URL: `rediss://${STORE_USER}@${OBJECTS.store}.${namespace}.svc:${PORTS.store}`,
    STORE_PASSWORD_FILE: `${PATHS.storeAccess}/${STORE_ACCESS_KEYS.password}`,
    STORE_CA_FILE: CA_FILE,
  };
}

/** The files of the store. The controller fills them, so it starts without; others wait until they are there. */
export function storeFolders(access: StoreAccess, fills: boolean): Mounted[] {
  if (access.kind === 'existing') {
    if (access.ca === undefined) return [];
    return [configMapFiles('store-ca', [{ configMapName: access.ca.name, key: access.ca.key, path: CA_KEY }], PATHS.storeCa)];
  }
  const optional = fills ? { optional: true } : {};
  return [
    secretFolder('store-access', OBJECTS.storeAccess, PATHS.storeAccess, { keys: [STORE_ACCESS_KEYS.password], ...optional }),
    configMapFolder('store-ca', OBJECTS.storeCa, PATHS.storeCa, { keys: [CA_KEY], ...optional }),
  ];
}
