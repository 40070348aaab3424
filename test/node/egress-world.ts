import { createHash } from 'node:crypto';
import { Chart, Testing } from 'cdk8s';
import { Certificates, GRANTED_PORT, HTTPS, ZONE } from './egress-internet';
import { forOneNode, given, localImage, localVolumes, NODE_API_SERVER } from './one-node';
import { IMAGES, USER_ID, WORKER_RESOURCES } from './session-world';
import {
  AgentPlatform, AuditStorage, BrokerPolicy, CredentialDelivery, CredentialGrant, GatewayScaling, HarnessTemplate, NetworkPeer,
  SessionStore, WorkerPool, WorkerWorkload,
} from '../../src';
import { CA_KEY, OBJECTS, SESSIONS_KEYS, TLS_KEYS } from '../../src/protocol/objects';
import { Emitted } from '../helpers/manifests';

export const SYSTEM = 'egress-platform';
export const TEAM = 'egress-team';
/** Where the upstreams at private addresses are: outside the platform. */
export const OUTSIDE = 'egress-outside';
export const POOL = 'coder';
/** Workers that wait. */
export const WARM = 2;

export const API_KEY = 'the-api-key-of-these-tests-that-nobody-guesses';
export const CREDENTIAL = 'API_KEY';
export const REAL_KEY = 'the-real-key-that-only-upstreams-see';
export const UPSTREAM_CA = 'upstream-ca';
export const UPSTREAM_TLS = 'upstream-tls';
const STORAGE_CLASS = 'egress-local';

/** Hosts that the policy of the sessions names. */
const GRANTED = ['api', 'private', 'unnamed', 'outside', 'metadata', 'node', 'service', 'loopback'].map((name) => `${name}.${ZONE}`);

/** A platform as it comes by default, with one replica of what is not tried here. `privateAddress` is that of the host that may have one. */
export function platformObjects(privateAddress: string): Emitted[] {
  const chart = new Chart(Testing.app(), 'egress');
  const platform = new AgentPlatform(chart, 'platform', {
    image: localImage(),
    apiServer: NODE_API_SERVER,
    namespace: SYSTEM,
    clients: [NetworkPeer.pods({ namespace: OUTSIDE, labels: { role: 'client' } })],
    broker: { replicas: 1, auditStorage: AuditStorage.ephemeral() },
    egress: {
      upstreamCa: { name: UPSTREAM_CA, key: CA_KEY },
      privateDestinations: [{ host: `private.${ZONE}`, cidr: `${privateAddress}/32` }],
    },
    runs: { enabled: false },
    sessions: {
      controller: { replicas: 1 },
      gateway: { scaling: GatewayScaling.fixed(1) },
      store: SessionStore.valkey({ image: 'localhost/user-store:1', storageClassName: STORAGE_CLASS }),
    },
  });
  addPool(chart, platform);
  return Testing.synth(chart).map(forOneNode);
}

function addPool(chart: Chart, platform: AgentPlatform): void {
  const namespace = platform.addNamespace(TEAM);
  const egress = [
    ...GRANTED.map((host) => ({ host, ports: [HTTPS] })), { host: `tunnel.${ZONE}`, ports: [HTTPS, GRANTED_PORT] }, { host: `plain.${ZONE}`, ports: [80] },
  ];
  new BrokerPolicy(chart, 'model-access', {
    namespace,
    appliesToTemplates: [POOL],
    credentials: [CredentialGrant.userSupplied(CREDENTIAL, {
      secret: { name: 'model-key', key: 'token' },
      delivery: CredentialDelivery.header({ hosts: [`api.${ZONE}`], header: 'x-api-key' }),
    })],
    egress,
  });
  const template = new HarnessTemplate(chart, POOL, { namespace, image: 'registry.example.com/coder:1', command: ['/coder'], credentials: [CREDENTIAL] });
  const workload = WorkerWorkload.warmPool({ replicas: WARM });
  new WorkerPool(chart, 'pool', { namespace, name: POOL, image: IMAGES.glibc, userId: USER_ID, resources: WORKER_RESOURCES, workload, template });
}

/** What whoever deploys makes: keys, and whom to trust. */
export function givenObjects(authority: string): object[] {
  const hash = createHash('sha256').update(API_KEY).digest('hex');
  return [
    { ...given('Secret', TEAM, 'model-key'), stringData: { token: REAL_KEY } },
    { ...given('ConfigMap', SYSTEM, UPSTREAM_CA), data: { [CA_KEY]: authority } },
    { ...given('Secret', SYSTEM, OBJECTS.gatewayApiKeys), stringData: { [SESSIONS_KEYS.apiKeys]: JSON.stringify({ [`sha256:${hash}`]: { name: 'alice' } }) } },
  ];
}

/** Pods with an address that is not public: Kubernetes' own test server, with TLS. */
export function outsideObjects({ authority, pair: { cert, key } }: Certificates): object[] {
  const securityContext = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
  const args = ['netexec', `--http-port=${HTTPS}`, '--udp-port=8081', '--tls-cert-file=/tls/tls.crt', '--tls-private-key-file=/tls/tls.key'];
  const pod = (name: string) => ({
    ...given('Pod', OUTSIDE, name),
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' }, sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] },
      containers: [{ name: 'server', image: 'kit.local/agnhost:1', imagePullPolicy: 'Never', args, securityContext, volumeMounts: [{ name: 'tls', mountPath: '/tls', readOnly: true }] }],
      volumes: [{ name: 'tls', secret: { secretName: UPSTREAM_TLS } }],
    },
  });
  const stringData = { [CA_KEY]: authority, [TLS_KEYS.certificate]: cert, [TLS_KEYS.key]: key };
  return [{ ...given('Secret', OUTSIDE, UPSTREAM_TLS), type: 'kubernetes.io/tls', stringData }, pod('named'), pod('other')];
}

export const storeVolumes = () => localVolumes(STORAGE_CLASS, 'egress-session-store');
