import type { EnvVar, PodSpec, ResourceRequirements, Volume } from 'kubernetes-types/core/v1';
import { environment } from './environment';
import { fenceInit, PinnedImage, TRUST_MOUNT, TRUST_VOLUME } from './fence';
import { literal, userEnv } from './literal';
import { PodPlacement, RestrictedContainer, restrictedPod } from './pod';
import { SESSION_ENV } from '../protocol/env';
import { PLATFORM_GRACE_SECONDS, SESSION_SEMI_SPACE_MEBIBYTES } from '../protocol/limits';
import { AGENT_USER, ENTRY_POINTS, PATHS, PLATFORM_UID, RUNTIME_FILES } from '../protocol/paths';
import { PORTS } from '../protocol/ports';
import { RUNTIME_MEBIBYTES } from '../protocol/runtime';

export interface WorkerPodOptions {
  readonly serviceAccountName: string;
  /** The user's image. */
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** UID and GID of the processes in it. */
  readonly userId: number;
  /** The user's variables. The platform's own come after them and win. */
  readonly env: Readonly<Record<string, string>>;
  readonly resources: ResourceRequirements;
  readonly placement?: PodPlacement;
  /** Size of the workspace folder; `undefined` when a volume claim named `workspace` provides it. */
  readonly workspaceSize?: string;
  /** Image with the session daemon; without it the container runs `command`. */
  readonly sidecar?: PinnedImage;
  /** Image with the program that waits until the pod's NetworkPolicy holds; without it nothing waits. */
  readonly fence?: PinnedImage;
  readonly command?: readonly string[];
  /** Host name to address, for what the worker may reach directly. */
  readonly hostAddresses?: Readonly<Record<string, string>>;
}

/** A worker: the user's image under the session daemon, or running one program. It has no API token and no DNS. */
export function workerPod(options: WorkerPodOptions): PodSpec {
  const session: RestrictedContainer = {
    name: 'session',
    image: options.image,
    imagePullPolicy: options.imagePullPolicy,
    workingDir: PATHS.workspace,
    resources: options.resources,
    mounts: [{ name: 'workspace', mountPath: PATHS.workspace }],
    writable: [{ path: PATHS.home, sizeLimit: '1Gi' }, { path: PATHS.temporary, sizeLimit: '1Gi' }],
    ...(options.sidecar === undefined ? { command: options.command?.map(literal), env: [...userEnv(options.env), ...IDENTITY_ENV] } : {}),
  };
  return restrictedPod({
    serviceAccountName: options.serviceAccountName,
    userId: options.userId,
    groupId: options.userId,
    fsGroup: PLATFORM_UID,
    terminationGracePeriodSeconds: PLATFORM_GRACE_SECONDS,
    dns: false,
    hostAddresses: options.hostAddresses,
    placement: options.placement,
    volumes: [
      ...(options.workspaceSize === undefined ? [] : [{ name: 'workspace', emptyDir: { sizeLimit: options.workspaceSize } }]),
      ...(options.sidecar === undefined ? [] : [RUNTIME_VOLUME]),
      ...(options.sidecar === undefined && options.fence === undefined ? [] : [TRUST_VOLUME]),
    ],
    initContainers: [
      ...(options.sidecar === undefined ? [] : [runtimeInit(options.sidecar)]),
      // Last, so that what it has seen is as new as can be when the user's image begins.
      ...(options.fence === undefined ? [] : [fenceInit(options.fence)]),
    ],
    ...(options.sidecar === undefined ? { restartPolicy: 'Never', containers: [session] } : { containers: [withDaemon(session, options.env)] }),
  });
}

const RUNTIME_VOLUME: Volume = { name: 'runtime', emptyDir: { sizeLimit: `${RUNTIME_MEBIBYTES}Mi` } };

/** Adds the daemon as the container's process, below the helper. The runtime folder is read-only for it and all it starts. */
function withDaemon(container: RestrictedContainer, env: WorkerPodOptions['env']): RestrictedContainer {
  return {
    ...container,
    command: [RUNTIME_FILES.helper, '--', RUNTIME_FILES.node, `--max-semi-space-size=${SESSION_SEMI_SPACE_MEBIBYTES}`, RUNTIME_FILES.session],
    ports: ['session-api', 'admin'],
    probed: true,
    mounts: [
      ...(container.mounts ?? []),
      { name: 'runtime', mountPath: PATHS.runtime, readOnly: true },
      TRUST_MOUNT,
    ],
    env: [
      ...userEnv(env),
      ...environment(SESSION_ENV, {
        SESSION_LISTEN: `:${PORTS['session-api']}`,
        ADMIN_LISTEN: `:${PORTS.admin}`,
        SESSION_WORKSPACE: PATHS.workspace,
        SESSION_REQUIRE_BOOT_ID: 'true',
        POD_UID: { fieldPath: 'metadata.uid' },
        AGENT_TRUST_DIR: PATHS.trust,
      }),
      ...IDENTITY_ENV,
    ],
  };
}

function runtimeInit(sidecar: PinnedImage): RestrictedContainer {
  return {
    name: 'runtime',
    image: sidecar.image,
    imagePullPolicy: sidecar.pinned ? 'IfNotPresent' : 'Always',
    args: [ENTRY_POINTS.installRuntime, PATHS.runtimeCopy],
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    mounts: [{ name: 'runtime', mountPath: PATHS.runtimeCopy }],
  };
}

/** Last in the list, so that no image or user value replaces them. */
const IDENTITY_ENV: readonly EnvVar[] = [
  { name: 'HOME', value: PATHS.home },
  { name: 'USER', value: AGENT_USER },
  { name: 'LOGNAME', value: AGENT_USER },
];
