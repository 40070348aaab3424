import { flag, rows, text, texts } from './fields';
import { schema, TypeOf } from '../schema/types';

const right = schema({
  type: 'object',
  required: ['scope', 'role', 'known', 'groups', 'resources', 'verbs', 'names', 'urls'],
  properties: {
    scope: { type: 'string', description: "'cluster' or 'namespace' and its name" },
    role: text,
    known: { type: 'boolean', description: 'false when the role is not part of the app, so that its rules are not known' },
    groups: texts,
    resources: texts,
    verbs: texts,
    names: { type: 'array', maxItems: 20_000, description: 'the only objects it holds for; empty: all', items: text },
    urls: texts,
  },
});

export const account = schema({
  type: 'object',
  required: ['subject', 'workloads', 'rights'],
  properties: {
    subject: { type: 'string', description: "such as 'ServiceAccount agent-platform/broker'" },
    workloads: texts,
    rights: rows(right),
  },
});

/** Whose runs: a template of the app, or whatever else has a name that the policy takes. */
export const HOLDER_KINDS = ['ClusterHarnessTemplate', 'HarnessTemplate', 'pattern'] as const;

const holder = schema({
  type: 'object',
  required: ['namespace', 'kind', 'name'],
  properties: { namespace: text, kind: { type: 'string', enum: HOLDER_KINDS }, name: text },
});

export const credential = schema({
  type: 'object',
  required: ['holder', 'credential', 'provider', 'secret', 'hosts', 'delivery', 'inContainer', 'policy'],
  properties: {
    holder,
    credential: text,
    provider: text,
    secret: { type: 'string', description: 'name and key of the Secret, never its content' },
    hosts: texts,
    delivery: { type: 'string', description: 'how the credential gets into a request' },
    inContainer: { type: 'boolean', description: 'whether the agent holds the credential itself' },
    reason: { type: 'string', description: 'why that is accepted' },
    policy: text,
  },
});

export const egress = schema({
  type: 'object',
  required: ['holder', 'host', 'ports', 'methods', 'paths', 'policy'],
  properties: {
    holder,
    host: text,
    ports: { type: 'array', maxItems: 64, description: 'empty: every port', items: text },
    methods: { type: 'array', maxItems: 64, description: 'empty: every method', items: text },
    paths: { type: 'array', maxItems: 64, description: 'empty: every path', items: text },
    policy: text,
  },
});

export const policy = schema({
  type: 'object',
  required: ['namespace', 'name', 'templates', 'kinds', 'images', 'interact', 'repositories'],
  properties: {
    namespace: text,
    name: text,
    templates: { type: 'array', maxItems: 64, description: 'globs of template names', items: text },
    kinds: texts,
    images: { type: 'array', maxItems: 64, description: 'digests that templates must be pinned to; empty: any image', items: text },
    interact: flag,
    shell: { type: 'string', description: 'where a shell may be opened; missing: nowhere' },
    repositories: { type: 'array', maxItems: 128, description: "such as 'read acme/app'", items: text },
    discovery: {
      type: 'object',
      description: 'a window in which hosts that no grant covers are allowed and recorded',
      required: ['reason', 'expiresAt'],
      properties: { reason: text, expiresAt: text },
    },
  },
});

export const waiver = schema({
  type: 'object',
  required: ['object', 'rule', 'finding', 'reason'],
  properties: { object: text, rule: text, finding: text, reason: text },
});

export type PostureAccount = TypeOf<typeof account>;
export type PostureRight = TypeOf<typeof right>;
export type PostureHolder = TypeOf<typeof holder>;
export type PostureCredential = TypeOf<typeof credential>;
export type PostureEgress = TypeOf<typeof egress>;
export type PosturePolicy = TypeOf<typeof policy>;
export type PostureWaiver = TypeOf<typeof waiver>;
