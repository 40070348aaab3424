import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Chart, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { IMAGES, PoolName, USER_ID } from './session-world';
import { builtImage } from './world';
import {
  AgentPlatform, ApiServerPeer, AuditStorage, GatewayScaling, HarnessTemplate, NetworkPeer, SessionStore, SidecarImage, WorkerPool, WorkerWorkload,
} from '../../src';
import { OBJECTS, SESSIONS_KEYS } from '../../src/protocol/objects';
import { Emitted } from '../helpers/manifests';

export const SYSTEM = 'sessions-platform';
export const TEAM = 'sessions-team';
export const CLIENTS = 'sessions-clients';

/** By which clients are admitted. */
export const CLIENT_LABELS = { role: 'client' };

/** API keys, by the name in the owner of their sessions. */
export const KEYS = { alice: 'the-key-of-alice-that-nobody-guesses', bob: 'the-key-of-bob-that-nobody-guesses-either' } as const;

/** Workers of each pool that wait. */
export const WARM: Readonly<Record<PoolName, number>> = { glibc: 2, musl: 1 };

/** Whose sessions have a template, and so a token of the broker. */
export const WITH_TEMPLATE: PoolName = 'musl';

const STORAGE_CLASS = 'local';
const STORE_IMAGE = 'localhost/user-store:1';

/** A platform as it comes by default, but for what this cluster does not have: metrics to scale by, volumes made on demand, a registry. */
export function platformObjects(): Emitted[] {
  const chart = new Chart(Testing.app(), 'sessions');
  const [repository, tag] = builtImage().localName.split(/:(?=[^:/]+$)/);
  const platform = new AgentPlatform(chart, 'platform', {
    image: SidecarImage.fromMutableTag(repository, tag),
    apiServer: ApiServerPeer.cidrs([`${process.env.KIT_NODE_IP ?? '192.168.77.1'}/32`]),
    namespace: SYSTEM,
    clients: [NetworkPeer.pods({ namespace: CLIENTS, labels: CLIENT_LABELS })],
    broker: { replicas: 1, auditStorage: AuditStorage.ephemeral() },
    sessions: {
      gateway: { scaling: GatewayScaling.fixed(2) },
      store: SessionStore.valkey({ image: STORE_IMAGE, storageClassName: STORAGE_CLASS }),
    },
  });
  const namespace = platform.addNamespace(TEAM);
  const resources = { cpu: { request: Cpu.millis(10), limit: Cpu.units(2) }, memory: { request: Size.mebibytes(64), limit: Size.mebibytes(512) } };
  const template = new HarnessTemplate(chart, 'agent', { namespace, image: 'registry.example.com/agent:1', command: ['/agent'] });
  for (const name of Object.keys(IMAGES) as PoolName[]) {
    const workload = WorkerWorkload.warmPool({ replicas: WARM[name] });
    const more = name === WITH_TEMPLATE ? { template } : {};
    new WorkerPool(chart, name, { namespace, image: IMAGES[name], userId: USER_ID, resources, workload, ...more });
  }
  return Testing.synth(chart).map(withLocalImages);
}

/** A folder beside the files of the cluster, with which it goes. */
export function storeVolume(): object {
  const path = join(dirname(process.env.KUBECONFIG!), 'session-store');
  mkdirSync(path);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'session-store' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: STORAGE_CLASS,
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] }] } },
    },
  };
}

/** What the docs say to make: hashes of the keys, which are in no object. */
export function apiKeys(): object {
  const entries = Object.entries(KEYS).map(([name, key]) => [`sha256:${createHash('sha256').update(key).digest('hex')}`, { name }]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: OBJECTS.gatewayApiKeys, namespace: SYSTEM },
    stringData: { [SESSIONS_KEYS.apiKeys]: JSON.stringify(Object.fromEntries(entries)) },
  };
}

/** The kit's node has no registry: the images are there already. */
function withLocalImages(object: Emitted): Emitted {
  const { initContainers = [], containers = [] } = object.spec?.template?.spec ?? {};
  for (const container of [...initContainers, ...containers]) container.imagePullPolicy = 'Never';
  return object;
}
