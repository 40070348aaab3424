import { createHash } from 'node:crypto';
import { Chart, Testing } from 'cdk8s';
import { forOneNode, given, localImage, localVolumes, NODE_API_SERVER } from './one-node';
import { IMAGES, PoolName, USER_ID, WORKER_RESOURCES } from './session-world';
import {
  AgentPlatform, AuditStorage, GatewayScaling, HarnessTemplate, NetworkPeer, SessionStore, WorkerPool, WorkerWorkload,
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
  const platform = new AgentPlatform(chart, 'platform', {
    image: localImage(),
    apiServer: NODE_API_SERVER,
    namespace: SYSTEM,
    clients: [NetworkPeer.pods({ namespace: CLIENTS, labels: CLIENT_LABELS })],
    broker: { replicas: 1, auditStorage: AuditStorage.ephemeral() },
    runs: { enabled: false },
    sessions: {
      gateway: { scaling: GatewayScaling.fixed(2) },
      store: SessionStore.valkey({ image: STORE_IMAGE, storageClassName: STORAGE_CLASS }),
    },
  });
  const namespace = platform.addNamespace(TEAM);
  const template = new HarnessTemplate(chart, 'agent', { namespace, image: 'registry.example.com/agent:1', command: ['/agent'] });
  for (const name of Object.keys(IMAGES) as PoolName[]) {
    const workload = WorkerWorkload.warmPool({ replicas: WARM[name] });
    const more = name === WITH_TEMPLATE ? { template } : {};
    new WorkerPool(chart, name, { namespace, image: IMAGES[name], userId: USER_ID, resources: WORKER_RESOURCES, workload, ...more });
  }
  return Testing.synth(chart).map(forOneNode);
}

export const storeVolumes = () => localVolumes(STORAGE_CLASS, 'session-store');

/** What the docs say to make: hashes of the keys, which are in no object. */
export function apiKeys(): object {
  const entries = Object.entries(KEYS).map(([name, key]) => [`sha256:${createHash('sha256').update(key).digest('hex')}`, { name }]);
  return { ...given('Secret', SYSTEM, OBJECTS.gatewayApiKeys), stringData: { [SESSIONS_KEYS.apiKeys]: JSON.stringify(Object.fromEntries(entries)) } };
}
