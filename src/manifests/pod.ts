import type { Container, EnvFromSource, EnvVar, PodSpec, ResourceRequirements, Toleration, Volume, VolumeMount } from 'kubernetes-types/core/v1';
import { ADMIN_PATHS } from '../protocol/admin-api';
import { API_TOKEN_SECONDS } from '../protocol/limits';
import { PATHS } from '../protocol/paths';
import { PortName, PORTS } from '../protocol/ports';

/** A folder that a container may write. It is an `emptyDir` of its own with a size limit. */
export interface WritablePath {
  readonly path: string;
  /** Kubernetes quantity. Filling it up evicts the pod instead of the node. */
  readonly sizeLimit: string;
}

/** What differs between containers. Everything about privileges is the same and not listed. */
export interface RestrictedContainer {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly EnvVar[];
  /** Secrets and ConfigMaps whose keys become variables; `env` wins over them. */
  readonly envFrom?: readonly EnvFromSource[];
  readonly ports?: readonly PortName[];
  readonly resources: ResourceRequirements;
  readonly mounts?: readonly VolumeMount[];
  readonly writable?: readonly WritablePath[];
  /** Whether `/livez` and `/readyz` of the admin port are probed. */
  readonly probed?: boolean;
  /** What is asked of a program that has no admin port. */
  readonly probes?: Probes;
  /**
   * Whether an init container stays beside the containers until they have ended.
   * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
   */
  readonly stays?: boolean;
}

export type Probes = Pick<Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'>;

/** Where pods may be scheduled and how they are fetched and isolated. */
export interface PodPlacement {
  readonly nodeSelector?: Record<string, string>;
  readonly tolerations?: readonly Toleration[];
  readonly priorityClassName?: string;
  readonly runtimeClassName?: string;
  readonly imagePullSecrets?: readonly string[];
}

/** A placement with more Secrets for images, each once: Kubernetes takes the name as the key of the list. */
export function withPullSecrets(placement: PodPlacement = {}, more: readonly string[] = []): PodPlacement {
  return { ...placement, imagePullSecrets: [...new Set([...placement.imagePullSecrets ?? [], ...more])] };
}

export interface RestrictedPod {
  readonly serviceAccountName: string;
  readonly userId: number;
  readonly groupId: number;
  readonly fsGroup: number;
  readonly containers: readonly RestrictedContainer[];
  readonly initContainers?: readonly RestrictedContainer[];
  readonly volumes?: readonly Volume[];
  readonly placement?: PodPlacement;
  readonly terminationGracePeriodSeconds: number;
  /** Time after which the kubelet ends the pod. */
  readonly activeDeadlineSeconds?: number;
  /** Whether the pod gets a token for the API server, short-lived and mounted in one container only. */
  readonly apiTokenFor?: string;
  /** Whether names can be resolved in the pod. Pods that reach nothing by name do without: DNS is a way out. */
  readonly dns: boolean;
  /** Host name to address, known without DNS. */
  readonly hostAddresses?: Readonly<Record<string, string>>;
  readonly restartPolicy?: 'Never' | 'OnFailure';
  readonly topologySpreadConstraints?: PodSpec['topologySpreadConstraints'];
}

/**
 * The one factory of pods: every pod of the platform passes the `restricted` Pod
 * Security Standard by construction, with a read-only root file system on top.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
export function restrictedPod(pod: RestrictedPod): PodSpec {
  const init = pod.initContainers ?? [];
  return {
    serviceAccountName: pod.serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: pod.userId,
      runAsGroup: pod.groupId,
      fsGroup: pod.fsGroup,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationGracePeriodSeconds: pod.terminationGracePeriodSeconds,
    ...(pod.activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds: pod.activeDeadlineSeconds }),
    ...(pod.dns ? {} : NO_DNS),
    ...hostAliases(pod.hostAddresses ?? {}),
    ...(pod.restartPolicy === undefined ? {} : { restartPolicy: pod.restartPolicy }),
    ...placed(pod.placement ?? {}),
    ...(pod.topologySpreadConstraints === undefined ? {} : { topologySpreadConstraints: pod.topologySpreadConstraints }),
    ...(init.length === 0 ? {} : { initContainers: init.map((container) => restrictedContainer(container, pod)) }),
    containers: pod.containers.map((container) => restrictedContainer(container, pod)),
    volumes: volumesOf(pod),
  };
}

/** A resolver that answers nothing, quickly: lookups fail at once instead of leaving the pod. */
const NO_DNS: Pick<PodSpec, 'dnsPolicy' | 'dnsConfig'> = {
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['127.0.0.1'], options: [{ name: 'timeout', value: '1' }, { name: 'attempts', value: '1' }] },
};

/** One entry for each address: Kubernetes takes the address as the key of the list and refuses a second one. */
function hostAliases(addresses: Readonly<Record<string, string>>): Pick<PodSpec, 'hostAliases'> {
  const names = Object.keys(addresses).sort();
  const aliases = [...new Set(names.map((name) => addresses[name]))]
    .map((ip) => ({ ip, hostnames: names.filter((name) => addresses[name] === ip) }));
  return aliases.length === 0 ? {} : { hostAliases: aliases };
}

const API_TOKEN_VOLUME = 'api-token';

function restrictedContainer(container: RestrictedContainer, pod: RestrictedPod): Container {
  const mounts: VolumeMount[] = [
    ...(container.mounts ?? []),
    ...(container.writable ?? []).map((writable) => ({ name: writableVolumeName(writable.path), mountPath: writable.path })),
    ...(pod.apiTokenFor === container.name ? [{ name: API_TOKEN_VOLUME, mountPath: PATHS.apiToken, readOnly: true }] : []),
  ];
  return {
    name: container.name,
    image: container.image,
    imagePullPolicy: container.imagePullPolicy,
    ...(container.command === undefined ? {} : { command: [...container.command] }),
    ...(container.args === undefined ? {} : { args: [...container.args] }),
    ...(container.workingDir === undefined ? {} : { workingDir: container.workingDir }),
    ...(container.env === undefined ? {} : { env: [...container.env] }),
    ...(container.envFrom === undefined ? {} : { envFrom: [...container.envFrom] }),
    ...(container.stays ? { restartPolicy: 'Always' } : {}),
    ...(container.ports === undefined ? {} : { ports: container.ports.map((name) => ({ name, containerPort: PORTS[name], protocol: 'TCP' })) }),
    resources: container.resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(container.probed ? PROBES : container.probes ?? {}),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  };
}

/** A start-up probe gives a cold node a minute; after it, liveness reacts within 30 s and readiness within 10 s. */
const PROBES: Probes = {
  startupProbe: { httpGet: { path: ADMIN_PATHS.live, port: 'admin' }, periodSeconds: 2, failureThreshold: 30 },
  livenessProbe: { httpGet: { path: ADMIN_PATHS.live, port: 'admin' }, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
  readinessProbe: { httpGet: { path: ADMIN_PATHS.ready, port: 'admin' }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
};

/** Field by field: an object with more members, which the compiler lets pass, must not reach the pod. */
function placed({ nodeSelector, tolerations = [], priorityClassName, runtimeClassName, imagePullSecrets = [] }: PodPlacement): Partial<PodSpec> {
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector: Object.fromEntries(Object.entries(nodeSelector).sort()) }),
    ...(tolerations.length === 0 ? {} : { tolerations: [...tolerations] }),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
  };
}

/** `/var/lib/x` becomes `var-lib-x`: one volume per writable path, shared by the containers that name it. */
function writableVolumeName(path: string): string {
  return path.slice(1).replace(/[^a-z0-9]+/g, '-');
}

function volumesOf(pod: RestrictedPod): Volume[] {
  const writable = new Map<string, Volume>();
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    for (const { path, sizeLimit } of container.writable ?? []) {
      writable.set(path, { name: writableVolumeName(path), emptyDir: { sizeLimit } });
    }
  }
  const token = pod.apiTokenFor === undefined ? [] : [apiTokenVolume()];
  return [...(pod.volumes ?? []), ...writable.values(), ...token];
}

/** What automounting would mount, but only where asked for. */
function apiTokenVolume(): Volume {
  return {
    name: API_TOKEN_VOLUME,
    projected: {
      defaultMode: 0o440,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: API_TOKEN_SECONDS } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
}
