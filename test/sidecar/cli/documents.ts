import { POSTURE_SCHEMA, PostureContainer, PostureDocument, PosturePods } from '../../../src/protocol/posture';

const by = (policy: string) => ({ decision: 'rule', policies: [policy] }) as const;
const outside = { decision: 'outside', policies: [] } as const;
const holder = { namespace: 'team-a', kind: 'HarnessTemplate', name: 'coder' } as const;

export const CONTAINER: PostureContainer = {
  name: 'broker',
  init: false,
  image: 'r.example/broker@sha256:0',
  user: 65532,
  group: 65532,
  runAsNonRoot: true,
  privileged: false,
  escalation: false,
  readOnlyRoot: true,
  seccomp: 'RuntimeDefault',
  added: [],
  dropped: ['ALL'],
  secretEnv: [],
  hostPorts: [],
  mounts: [{ path: '/tmp', source: 'emptyDir of 64Mi', writable: true }, { path: '/tls', source: 'Secret broker-tls', writable: false }],
};

export const PODS: PosturePods = {
  namespace: 'platform',
  workload: 'StatefulSet broker',
  account: 'broker',
  level: 'restricted',
  fsGroup: 65532,
  hostNamespaces: [],
  automount: false,
  tokens: ['API server'],
  dns: true,
  runtimeClass: 'gvisor',
  containers: [CONTAINER],
};

/** A document with something in every section. */
export const BASE: PostureDocument = {
  schema: POSTURE_SCHEMA,
  platform: 'platform',
  namespaces: [{ name: 'platform', made: true, enforces: 'restricted v1.30' }, { name: 'team-a', made: false }],
  parties: [
    { id: 'broker', title: 'broker', kind: 'part', role: 'broker', namespace: 'platform', members: [] },
    { id: 'place/internet', title: 'internet', kind: 'place', members: [{ peer: '0.0.0.0/0', except: ['10.0.0.0/8', '127.0.0.0/8'] }] },
  ],
  flows: [{ from: 'broker', to: 'place/internet', ports: ['TCP 443'], sender: by('platform/allow-broker'), receiver: outside, rows: [{ id: 'row', why: 'why' }] }],
  pods: [PODS],
  accounts: [{
    subject: 'ServiceAccount platform/broker',
    workloads: ['platform/StatefulSet broker'],
    rights: [{ scope: 'namespace team-a', role: 'Role broker', known: true, groups: [''], resources: ['secrets'], verbs: ['get'], names: ['model-key'], urls: [] }],
  }],
  credentials: [{
    holder,
    credential: 'MODEL_API_KEY',
    provider: 'UserSuppliedSecret',
    secret: 'model-key/token',
    hosts: ['api.model.example'],
    delivery: 'in the header x-api-key',
    inContainer: false,
    policy: 'model-access',
  }],
  egress: [{ holder, host: 'api.model.example', ports: ['443'], methods: ['GET'], paths: ['/v1/*'], policy: 'model-access' }],
  policies: [{
    namespace: 'team-a', name: 'model-access', templates: ['coder'], kinds: ['HarnessTemplate'], images: ['sha256:1'], interact: false, repositories: ['read acme/app'],
  }],
  waivers: [{ object: 'Deployment team-a/cache', rule: 'restricted/seccomp', finding: 'spec must', reason: 'old kernel' }],
  unknown: ['policies of others'],
};

/** A document in which one row of a section says something else. */
export function withRow<Section extends 'egress' | 'credentials' | 'policies' | 'flows' | 'pods' | 'parties' | 'namespaces' | 'waivers'>(
  section: Section, change: Partial<PostureDocument[Section][number]>, index = 0,
): PostureDocument {
  return { ...BASE, [section]: (BASE[section] as readonly object[]).map((row, at) => (at === index ? { ...row, ...change } : row)) };
}

export function withContainer(change: Partial<PostureContainer>): PostureDocument {
  return withRow('pods', { containers: [{ ...CONTAINER, ...change }] });
}

export function withRight(change: object): PostureDocument {
  const [account] = BASE.accounts;
  return { ...BASE, accounts: [{ ...account, rights: [{ ...account.rights[0], ...change }] }] };
}
