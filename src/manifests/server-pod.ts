import type { PodSpec, ResourceRequirements } from 'kubernetes-types/core/v1';
import { environment, EnvSetting } from './environment';
import { Mounted } from './mounted';
import { PodPlacement, restrictedPod } from './pod';
import { serverArgs } from './server-args';
import { spreadConstraints, WorkloadId } from './workload';
import { EnvTable } from '../protocol/env';
import { DRAIN_SECONDS, PLATFORM_GRACE_SECONDS } from '../protocol/limits';
import { PATHS, PLATFORM_UID } from '../protocol/paths';
import { PortName, PORTS } from '../protocol/ports';

/** What whoever deploys chooses about the pod of any server. */
export interface ServerPodOptions {
  readonly image: string;
  readonly pinned: boolean;
  readonly resources: ResourceRequirements;
  readonly placement?: PodPlacement;
}

/** What differs between servers that keep nothing in their pod. */
export interface Server<Table extends EnvTable> {
  readonly entryPoint: string;
  /** Beside the admin port. */
  readonly ports: readonly PortName[];
  /** Whether it uses the API server. */
  readonly usesApi: boolean;
  readonly folders: readonly Mounted[];
  readonly table: Table;
  /** Beside what every server is told. */
  readonly env: { readonly [Name in keyof Table]?: EnvSetting };
}

/** The pod of a replica: one server out of the image, under the account of its name. */
export function serverPod<Table extends EnvTable>(
  id: WorkloadId, { image, pinned, resources, placement }: ServerPodOptions, { entryPoint, ports, usesApi, folders, table, env }: Server<Table>,
): PodSpec {
  return restrictedPod({
    serviceAccountName: id.name,
    userId: PLATFORM_UID,
    groupId: PLATFORM_UID,
    fsGroup: PLATFORM_UID,
    terminationGracePeriodSeconds: PLATFORM_GRACE_SECONDS,
    ...(usesApi ? { apiTokenFor: id.role } : {}),
    dns: true,
    placement,
    topologySpreadConstraints: spreadConstraints(id),
    volumes: folders.map(({ volume }) => volume),
    containers: [{
      name: id.role,
      image,
      imagePullPolicy: pinned ? 'IfNotPresent' : 'Always',
      args: serverArgs(entryPoint),
      ports: [...ports, 'admin'],
      probed: true,
      resources,
      mounts: folders.map(({ mount }) => mount),
      writable: [{ path: PATHS.temporary, sizeLimit: '16Mi' }],
      env: environment(table, env),
    }],
  });
}

/** Where a server listens for the kubelet and for metrics, and how long it is left to others to look elsewhere. */
export const SERVER_ENV = { ADMIN_LISTEN: `:${PORTS.admin}`, DRAIN_SECONDS: String(DRAIN_SECONDS) } as const;
