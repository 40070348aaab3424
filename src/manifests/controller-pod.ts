import type { PodSpec, ResourceRequirements } from 'kubernetes-types/core/v1';
import { environment } from './environment';
import { configMapFolder, Mounted, secretFolder, tokenFolder } from './mounted';
import { PodPlacement, restrictedPod } from './pod';
import { serverArgs } from './server-args';
import { StoreAccess, storeEnv, storeFolders } from './store-access';
import { spreadConstraints, WorkloadId } from './workload';
import { CONTROLLER_ENV } from '../protocol/env';
import { DRAIN_SECONDS, PLATFORM_GRACE_SECONDS } from '../protocol/limits';
import { BROKER_AUDIENCE } from '../protocol/names';
import { CA_KEY, OBJECTS, SESSIONS_KEYS, TOKEN_FILE } from '../protocol/objects';
import { ENTRY_POINTS, PATHS, PLATFORM_UID } from '../protocol/paths';
import { PORTS } from '../protocol/ports';

export interface ControllerPodOptions {
  readonly namespace: string;
  readonly image: string;
  readonly pinned: boolean;
  readonly resources: ResourceRequirements;
  readonly placement?: PodPlacement;
  readonly store: StoreAccess;
  readonly authentication: 'token-review' | 'none';
  readonly claimSeconds?: number;
  /** Where sessions get their way out, when there is a broker that knows the controller. */
  readonly broker?: ControllerBroker;
}

export interface ControllerBroker {
  readonly url: string;
  /** An existing Secret with its certificate and the authority behind it; without it the broker publishes its own. */
  readonly tlsSecret?: string;
}

/** The pod of a controller replica. */
export function controllerPod(id: WorkloadId, options: ControllerPodOptions): PodSpec {
  const folders = foldersOf(options);
  return restrictedPod({
    serviceAccountName: OBJECTS.controller,
    userId: PLATFORM_UID,
    groupId: PLATFORM_UID,
    fsGroup: PLATFORM_UID,
    terminationGracePeriodSeconds: PLATFORM_GRACE_SECONDS,
    apiTokenFor: 'controller',
    dns: true,
    placement: options.placement,
    topologySpreadConstraints: spreadConstraints(id),
    volumes: folders.map(({ volume }) => volume),
    containers: [{
      name: 'controller',
      image: options.image,
      imagePullPolicy: options.pinned ? 'IfNotPresent' : 'Always',
      args: serverArgs(ENTRY_POINTS.controller),
      ports: ['controller-api', 'admin'],
      probed: true,
      resources: options.resources,
      mounts: folders.map(({ mount }) => mount),
      writable: [{ path: PATHS.temporary, sizeLimit: '16Mi' }],
      env: environment(CONTROLLER_ENV, {
        CONTROLLER_LISTEN: `:${PORTS['controller-api']}`,
        ADMIN_LISTEN: `:${PORTS.admin}`,
        DRAIN_SECONDS: String(DRAIN_SECONDS),
        TLS_SELF_MADE: 'true',
        PROVIDER: 'pods',
        POOLS_FILE: `${PATHS.pools}/${SESSIONS_KEYS.pools}`,
        AUTH: options.authentication,
        ...(options.authentication === 'none' ? {} : { CALLERS_FILE: `${PATHS.callers}/${SESSIONS_KEYS.callers}` }),
        ...storeEnv(options.store, options.namespace),
        ...(options.store.kind === 'own' ? { STORE_ACCESS: 'true' } : {}),
        SESSION_KEYS_DIR: PATHS.sessionKeys,
        ...(options.claimSeconds === undefined ? {} : { CLAIM_SECONDS: String(options.claimSeconds) }),
        ...(options.broker === undefined ? {} : {
          BROKER_URL: options.broker.url,
          BROKER_CA_FILE: `${PATHS.brokerCa}/${CA_KEY}`,
          BROKER_TOKEN_FILE: `${PATHS.brokerToken}/${TOKEN_FILE}`,
        }),
        POD_NAME: { fieldPath: 'metadata.name' },
        POD_NAMESPACE: { fieldPath: 'metadata.namespace' },
      }),
    }],
  });
}

function foldersOf({ authentication, store, broker }: ControllerPodOptions): Mounted[] {
  return [
    configMapFolder('pools', OBJECTS.controllerPools, PATHS.pools),
    ...(authentication === 'none' ? [] : [configMapFolder('callers', OBJECTS.controllerCallers, PATHS.callers)]),
    secretFolder('session-keys', OBJECTS.sessionKeys, PATHS.sessionKeys),
    ...storeFolders(store, true),
    ...(broker === undefined ? [] : [brokerCa(broker), tokenFolder('broker-token', BROKER_AUDIENCE, PATHS.brokerToken)]),
  ];
}

/** Of an existing Secret only the certificate of the authority, never the key. What the broker publishes may come after the controller. */
function brokerCa({ tlsSecret }: ControllerBroker): Mounted {
  if (tlsSecret === undefined) return configMapFolder('broker-ca', OBJECTS.brokerCa, PATHS.brokerCa);
  return secretFolder('broker-ca', tlsSecret, PATHS.brokerCa, { keys: [CA_KEY] });
}
