import { flag, id, rows, text, texts } from './fields';
import { schema, TypeOf } from '../schema/types';

const mount = schema({
  type: 'object',
  required: ['path', 'source', 'writable'],
  properties: {
    path: text,
    source: { type: 'string', description: "such as 'Secret broker-tls' or 'emptyDir of 64Mi'" },
    writable: flag,
  },
});

/** The fields as they hold for the container: its own, else the pod's. A field that nobody sets is missing. */
const container = schema({
  type: 'object',
  required: ['name', 'init', 'image', 'privileged', 'escalation', 'readOnlyRoot', 'runAsNonRoot', 'added', 'dropped', 'mounts', 'secretEnv', 'hostPorts'],
  properties: {
    name: text,
    init: flag,
    image: text,
    user: id,
    group: id,
    runAsNonRoot: flag,
    privileged: flag,
    escalation: flag,
    readOnlyRoot: flag,
    seccomp: text,
    added: { type: 'array', maxItems: 256, description: 'capabilities that are added', items: text },
    dropped: { type: 'array', maxItems: 256, description: 'capabilities that are dropped', items: text },
    mounts: rows(mount),
    secretEnv: { type: 'array', maxItems: 1024, description: 'Secrets that reach it as variables', items: text },
    hostPorts: texts,
  },
});

/** The levels of https://kubernetes.io/docs/concepts/security/pod-security-standards/, the strictest first. */
export const POD_LEVELS = ['restricted', 'baseline', 'privileged'] as const;

export const pods = schema({
  type: 'object',
  required: ['namespace', 'workload', 'account', 'level', 'hostNamespaces', 'automount', 'tokens', 'dns', 'containers'],
  properties: {
    namespace: text,
    workload: { type: 'string', description: "kind and name, such as 'StatefulSet broker'" },
    account: text,
    level: { type: 'string', enum: POD_LEVELS, description: 'the strictest Pod Security Standard they pass' },
    fsGroup: id,
    hostNamespaces: { type: 'array', maxItems: 3, items: { type: 'string', enum: ['IPC', 'PID', 'network'] } },
    automount: { type: 'boolean', description: 'whether every container gets a token for the API server' },
    tokens: { type: 'array', maxItems: 64, description: "audiences of projected tokens; 'API server' for its own", items: text },
    dns: { type: 'boolean', description: 'whether names can be resolved in them' },
    runtimeClass: text,
    containers: rows(container),
  },
});

export type PosturePods = TypeOf<typeof pods>;
export type PostureContainer = TypeOf<typeof container>;
