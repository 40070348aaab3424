import type { PodSpec, ResourceRequirements } from 'kubernetes-types/core/v1';
import { configMapFolder, secretFolder } from './mounted';
import { PodPlacement, Probes, restrictedPod } from './pod';
import { WorkloadId } from './workload';
import { PLATFORM_GRACE_SECONDS } from '../protocol/limits';
import { OBJECTS, STORE_ACCESS_KEYS, STORE_CONFIG_KEY, TLS_KEYS } from '../protocol/objects';
import { PATHS, PLATFORM_UID } from '../protocol/paths';
import { PORTS } from '../protocol/ports';

export interface StorePodOptions {
  readonly image: string;
  readonly resources: ResourceRequirements;
  readonly placement?: PodPlacement;
  /** Size of the data folder when no volume claim provides it. */
  readonly ephemeralData?: string;
}

const CONFIG_FILE = `${PATHS.storeConfig}/${STORE_CONFIG_KEY}`;
const ACL_FILE = `${PATHS.storeAccess}/${STORE_ACCESS_KEYS.acl}`;
const CERTIFICATE_FILE = `${PATHS.tls}/${TLS_KEYS.certificate}`;

/** Written when the server has started, so its age is that of what the server has read. */
const STARTED_FILE = `${PATHS.temporary}/valkey.pid`;

/**
 * The configuration of the store. It takes TLS connections of one user, who has no right to its settings, and refuses to
 * write when it is full: leaving out old sessions would lose what their owners still use.
 * https://valkey.io/topics/valkey.conf/
 *
 * @param maxMemory Bytes that the sessions may take.
 */
export function storeConfig(maxMemory: number): string {
  const settings = {
    'port': 0,
    'tls-port': PORTS.store,
    'tls-cert-file': CERTIFICATE_FILE,
    'tls-key-file': `${PATHS.tls}/${TLS_KEYS.key}`,
    'tls-auth-clients': 'no',
    'tls-protocols': '"TLSv1.2 TLSv1.3"',
    'aclfile': ACL_FILE,
    'enable-protected-configs': 'no',
    'enable-debug-command': 'no',
    'enable-module-command': 'no',
    'databases': 1,
    'dir': PATHS.storeData,
    'pidfile': STARTED_FILE,
    'appendonly': 'yes',
    'appendfsync': 'everysec',
    'save': '""',
    'maxmemory': maxMemory,
    'maxmemory-policy': 'noeviction',
    'maxclients': 1000,
    'tcp-keepalive': 60,
  };
  return Object.entries(settings).map(([name, value]) => `${name} ${value}\n`).join('');
}

/**
 * The pod of the store. The kubelet does not start it before the controller has filled in certificate and access list,
 * whose other entries, the authority's key and the password, it never sees. It needs no name and no API.
 */
export function storePod({ role }: WorkloadId, options: StorePodOptions): PodSpec {
  const folders = [
    configMapFolder('config', OBJECTS.storeConfig, PATHS.storeConfig),
    secretFolder('tls', OBJECTS.storeTls, PATHS.tls, { keys: [TLS_KEYS.certificate, TLS_KEYS.key] }),
    secretFolder('access', OBJECTS.storeAccess, PATHS.storeAccess, { keys: [STORE_ACCESS_KEYS.acl] }),
  ];
  return restrictedPod({
    serviceAccountName: OBJECTS.store,
    userId: PLATFORM_UID,
    groupId: PLATFORM_UID,
    fsGroup: PLATFORM_UID,
    terminationGracePeriodSeconds: PLATFORM_GRACE_SECONDS,
    dns: false,
    placement: options.placement,
    volumes: [
      ...folders.map(({ volume }) => volume),
      ...(options.ephemeralData === undefined ? [] : [{ name: 'data', emptyDir: { sizeLimit: options.ephemeralData } }]),
    ],
    containers: [{
      name: role,
      image: options.image,
      imagePullPolicy: options.image.includes('@sha256:') ? 'IfNotPresent' : 'Always',
      command: ['valkey-server', CONFIG_FILE],
      ports: ['store'],
      probes: PROBES,
      resources: options.resources,
      mounts: [...folders.map(({ mount }) => mount), { name: 'data', mountPath: PATHS.storeData }],
      writable: [{ path: PATHS.temporary, sizeLimit: '16Mi' }],
    }],
  });
}

/**
 * Whether the server answers at all: nobody is logged in, so it says no more than that. Asked inside of the pod, where the
 * name in the certificate says nothing, and where no NetworkPolicy stands between kubelet and server.
 */
const ANSWERS = `valkey-cli --tls --insecure -p ${PORTS.store} ping`;

/** The server reads certificate and access list when it starts. What the kubelet has renewed since is younger than its start. */
const UP_TO_DATE = `! test ${CERTIFICATE_FILE} -nt ${STARTED_FILE} && ! test ${ACL_FILE} -nt ${STARTED_FILE}`;

const PROBES: Probes = {
  startupProbe: { ...shell(ANSWERS), periodSeconds: 2, timeoutSeconds: 3, failureThreshold: 60 },
  livenessProbe: { ...shell(`${UP_TO_DATE} && ${ANSWERS}`), periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
  readinessProbe: { ...shell(ANSWERS), periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 2 },
};

function shell(command: string) {
  return { exec: { command: ['sh', '-c', command] } };
}
