import type { PodSpec } from 'kubernetes-types/core/v1';
import { BrokerAccess, brokerEnv, brokerFolders } from './broker-access';
import { configMapFolder, Mounted, secretFolder } from './mounted';
import { SERVER_ENV, serverPod, ServerPodOptions } from './server-pod';
import { StoreAccess, storeEnv, storeFolders } from './store-access';
import { WorkloadId } from './workload';
import { CONTROLLER_ENV } from '../protocol/env';
import { OBJECTS, SESSIONS_KEYS } from '../protocol/objects';
import { ENTRY_POINTS, PATHS } from '../protocol/paths';
import { PORTS } from '../protocol/ports';

export interface ControllerPodOptions extends ServerPodOptions {
  readonly namespace: string;
  readonly store: StoreAccess;
  readonly authentication: 'token-review' | 'none';
  readonly claimSeconds?: number;
  /** Where sessions get their way out, when there is a broker that knows the controller. */
  readonly broker?: BrokerAccess;
}

/** The pod of a controller replica. */
export function controllerPod(id: WorkloadId, options: ControllerPodOptions): PodSpec {
  return serverPod(id, options, {
    entryPoint: ENTRY_POINTS.controller,
    ports: ['controller-api'],
    usesApi: true,
    folders: foldersOf(options),
    table: CONTROLLER_ENV,
    env: {
      CONTROLLER_LISTEN: `:${PORTS['controller-api']}`,
      ...SERVER_ENV,
      TLS_SELF_MADE: 'true',
      PROVIDER: 'pods',
      POOLS_FILE: `${PATHS.pools}/${SESSIONS_KEYS.pools}`,
      AUTH: options.authentication,
      ...(options.authentication === 'none' ? {} : { CALLERS_FILE: `${PATHS.callers}/${SESSIONS_KEYS.callers}` }),
      ...storeEnv(options.store, options.namespace),
      ...(options.store.kind === 'own' ? { STORE_ACCESS: 'true' } : {}),
      SESSION_KEYS_DIR: PATHS.sessionKeys,
      ...(options.claimSeconds === undefined ? {} : { CLAIM_SECONDS: String(options.claimSeconds) }),
      ...(options.broker === undefined ? {} : brokerEnv(options.broker)),
      POD_NAME: { fieldPath: 'metadata.name' },
      POD_NAMESPACE: { fieldPath: 'metadata.namespace' },
    },
  });
}

function foldersOf({ authentication, store, broker }: ControllerPodOptions): Mounted[] {
  return [
    configMapFolder('pools', OBJECTS.controllerPools, PATHS.pools),
    ...(authentication === 'none' ? [] : [configMapFolder('callers', OBJECTS.controllerCallers, PATHS.callers)]),
    secretFolder('session-keys', OBJECTS.sessionKeys, PATHS.sessionKeys),
    ...storeFolders(store, true),
    ...(broker === undefined ? [] : brokerFolders(broker)),
  ];
}
