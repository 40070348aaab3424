import type { PodSpec } from 'kubernetes-types/core/v1';
import { BrokerAccess, brokerEnv, brokerFolders } from './broker-access';
import { SERVER_ENV, serverPod, ServerPodOptions } from './server-pod';
import { WorkloadId } from './workload';
import { OPERATOR_ENV } from '../protocol/env';
import { ENTRY_POINTS } from '../protocol/paths';

export interface OperatorPodOptions extends ServerPodOptions {
  readonly broker: BrokerAccess;
  /** Namespaces whose runs are served: comma-separated, may be lazy. */
  readonly runNamespaces: string;
  /** Secrets for the images of runs, `namespace/name`, comma-separated; may be lazy. */
  readonly pullSecrets: string;
  readonly seedImage: string;
  readonly seedImagePullPolicy?: string;
  /** The volume of runs that name no Workspace. What is missing is the default of the server. */
  readonly workspaceSize?: string;
  readonly workspaceStorageClass?: string;
  /** Seconds after which runs that are over are deleted, unless they say themselves; they stay, when missing. */
  readonly ttlSecondsAfterFinished?: number;
  readonly podSecurityVersion: string;
  readonly reconciles?: number;
}

/** The pod of a replica of the operator. It is told which images the pods of runs get besides those of their templates. */
export function operatorPod(id: WorkloadId, options: OperatorPodOptions): PodSpec {
  const { broker, image, pinned, seedImagePullPolicy, workspaceSize, workspaceStorageClass, ttlSecondsAfterFinished, reconciles } = options;
  return serverPod(id, options, {
    entryPoint: ENTRY_POINTS.operator,
    ports: [],
    usesApi: true,
    folders: brokerFolders(broker),
    table: OPERATOR_ENV,
    env: {
      // Nobody connects to it, so there is no wait before it ends: another replica takes over the sooner.
      ADMIN_LISTEN: SERVER_ENV.ADMIN_LISTEN,
      RUN_NAMESPACES: options.runNamespaces,
      ...brokerEnv(broker),
      SIDECAR_IMAGE: image,
      SIDECAR_IMAGE_PINNED: String(pinned),
      PULL_SECRETS: options.pullSecrets,
      SEED_IMAGE: options.seedImage,
      ...(seedImagePullPolicy === undefined ? {} : { SEED_IMAGE_PULL_POLICY: seedImagePullPolicy }),
      ...(workspaceSize === undefined ? {} : { WORKSPACE_SIZE: workspaceSize }),
      ...(workspaceStorageClass === undefined ? {} : { WORKSPACE_STORAGE_CLASS: workspaceStorageClass }),
      ...(ttlSecondsAfterFinished === undefined ? {} : { TTL_SECONDS_AFTER_FINISHED: String(ttlSecondsAfterFinished) }),
      POD_SECURITY_VERSION: options.podSecurityVersion,
      ...(reconciles === undefined ? {} : { RECONCILES: String(reconciles) }),
      POD_NAME: { fieldPath: 'metadata.name' },
      POD_NAMESPACE: { fieldPath: 'metadata.namespace' },
    },
  });
}
