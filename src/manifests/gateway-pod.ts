import type { PodSpec } from 'kubernetes-types/core/v1';
import { configMapFiles, configMapFolder, Mounted, secretFolder, tokenFolder } from './mounted';
import { SERVER_ENV, serverPod, ServerPodOptions } from './server-pod';
import { NamedKey, StoreAccess, storeEnv, storeFolders } from './store-access';
import { WorkloadId } from './workload';
import { GATEWAY_ENV } from '../protocol/env';
import { CONTROLLER_AUDIENCE } from '../protocol/names';
import { CA_KEY, OBJECTS, SESSIONS_KEYS, TLS_KEYS, TOKEN_FILE } from '../protocol/objects';
import { ENTRY_POINTS, PATHS } from '../protocol/paths';
import { PORTS } from '../protocol/ports';
import { IssuersFile } from '../protocol/session-pools';

export interface GatewayPodOptions extends ServerPodOptions {
  readonly namespace: string;
  readonly store: StoreAccess;
  readonly controllerUrl: string;
  /** Secret to mount; without it the gateway speaks plain HTTP. */
  readonly tlsSecret?: string;
  /** Whether everybody is let in. */
  readonly anonymous: boolean;
  readonly issuers: readonly MountedIssuer[];
  /** Secret with the hashes of API keys. */
  readonly apiKeysSecret?: string;
  readonly limits: { readonly [Name in 'REQUESTS_PER_SECOND' | 'CONCURRENT_PER_CLIENT' | 'CONCURRENT']?: string };
}

/** An issuer as the gateway reads it, and where its files come from. */
export interface MountedIssuer {
  readonly entry: Omit<IssuersFile['issuers'][number], 'jwksFile' | 'caFile'>;
  readonly jwks?: NamedKey;
  readonly ca?: NamedKey;
}

/** The pod of a gateway replica. It has no API token: the one that it is given, the controller alone takes. */
export function gatewayPod(id: WorkloadId, options: GatewayPodOptions): PodSpec {
  return serverPod(id, options, {
    entryPoint: ENTRY_POINTS.gateway,
    ports: ['gateway-api'],
    usesApi: false,
    folders: foldersOf(options),
    table: GATEWAY_ENV,
    env: {
      GATEWAY_LISTEN: `:${PORTS['gateway-api']}`,
      ...SERVER_ENV,
      ...(options.tlsSecret === undefined ? {} : { TLS_DIR: PATHS.tls }),
      ...(options.anonymous ? { ANONYMOUS: 'true' } : {}),
      ...(options.issuers.length === 0 ? {} : { ISSUERS_FILE: `${PATHS.issuers}/${SESSIONS_KEYS.issuers}` }),
      ...(options.apiKeysSecret === undefined ? {} : { API_KEYS_FILE: `${PATHS.apiKeys}/${SESSIONS_KEYS.apiKeys}` }),
      CONTROLLER_URL: options.controllerUrl,
      CONTROLLER_CA_FILE: `${PATHS.controllerCa}/${CA_KEY}`,
      CONTROLLER_TOKEN_FILE: `${PATHS.controllerToken}/${TOKEN_FILE}`,
      ...storeEnv(options.store, options.namespace),
      SESSION_KEYS_DIR: PATHS.sessionKeys,
      ...options.limits,
    },
  });
}

/** The file with the issuers, whose own files are mounted beside it. */
export function issuersFile(issuers: readonly MountedIssuer[]): IssuersFile {
  return {
    issuers: issuers.map(({ entry, jwks, ca }, index) => ({
      ...entry,
      ...(jwks === undefined ? {} : { jwksFile: `${PATHS.issuers}/${jwksName(index)}` }),
      ...(ca === undefined ? {} : { caFile: `${PATHS.issuers}/${caName(index)}` }),
    })),
  };
}

function foldersOf({ tlsSecret, issuers, apiKeysSecret, store }: GatewayPodOptions): Mounted[] {
  return [
    ...(tlsSecret === undefined ? [] : [secretFolder('tls', tlsSecret, PATHS.tls, { keys: [TLS_KEYS.certificate, TLS_KEYS.key] })]),
    ...(issuers.length === 0 ? [] : [issuersFolder(issuers)]),
    // Nobody has a key until somebody makes the Secret.
    ...(apiKeysSecret === undefined ? [] : [secretFolder('api-keys', apiKeysSecret, PATHS.apiKeys, { keys: [SESSIONS_KEYS.apiKeys], optional: true })]),
    configMapFolder('controller-ca', OBJECTS.controllerCa, PATHS.controllerCa, { keys: [CA_KEY] }),
    tokenFolder('controller-token', CONTROLLER_AUDIENCE, PATHS.controllerToken),
    secretFolder('session-keys', OBJECTS.sessionKeys, PATHS.sessionKeys),
    ...storeFolders(store, false),
  ];
}

function issuersFolder(issuers: readonly MountedIssuer[]): Mounted {
  const file = ({ name, key }: NamedKey, path: string) => ({ configMapName: name, key, path });
  return configMapFiles('issuers', [
    { configMapName: OBJECTS.gatewayIssuers, key: SESSIONS_KEYS.issuers, path: SESSIONS_KEYS.issuers },
    ...issuers.flatMap(({ jwks, ca }, index) => [
      ...(jwks === undefined ? [] : [file(jwks, jwksName(index))]),
      ...(ca === undefined ? [] : [file(ca, caName(index))]),
    ]),
  ], PATHS.issuers);
}

function jwksName(index: number): string {
  return `jwks-${index}.json`;
}

function caName(index: number): string {
  return `ca-${index}.pem`;
}
