import { hostCovers } from '../hosts';
import { accepted, conditions, observedGeneration, reason, time } from './common';
import { credentialGrant, credentialHosts, DEFAULT_HOSTS } from './credential-grant';
import { egressGrant } from './egress-grant';
import { AGE, ResourceKind } from './kind';
import { celList, CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

export const TEMPLATE_KINDS = ['HarnessTemplate', 'ClusterHarnessTemplate'] as const;

/** A glob of `glob.ts`, of printable ASCII. A test compares the two. */
export const GLOB_PATTERN = '^([!-)+->@-Z\\]-~]|[*?]|\\\\[!-~]|'
  + '\\[(\\^(\\\\[!-~]|[!-,.-[^-~])|\\\\[!-~]|[!-,.-[_-~])(-(\\\\[!-~]|[!-,.-[^-~]))?((\\\\[!-~]|[!-,.-[^-~])(-(\\\\[!-~]|[!-,.-[^-~]))?)*\\])+$';

const hostsAreGranted: CelRule = {
  rule: '!has(self.credentials) || self.credentials.all(c, '
    + '(has(c.provider.hosts) ? c.provider.hosts'
    + ' : has(c.provider.deliveryMode) ? (has(c.provider.deliveryMode.proxyInjected) ? c.provider.deliveryMode.proxyInjected.hosts : [])'
    + ` : c.provider.kind == 'AnthropicAPI' ? ${celList(DEFAULT_HOSTS.AnthropicAPI)}`
    + ` : c.provider.kind == 'GitHubApp' ? ${celList(DEFAULT_HOSTS.GitHubApp)} : [])`
    + ".all(h, has(self.egress) && self.egress.exists(e, e.host == h || (e.host.startsWith('*.') && h.endsWith(e.host.substring(1))))))",
  message: 'every host that receives a credential must be covered by an egress grant of the same policy; '
    + `without hosts AnthropicAPI means ${DEFAULT_HOSTS.AnthropicAPI.join(', ')} and GitHubApp means ${DEFAULT_HOSTS.GitHubApp.join(', ')}`,
  holds: ({ credentials, egress }: Grants) => (credentials ?? [])
    .flatMap(credentialHosts)
    .every((host) => (egress ?? []).some((grant) => hostCovers(grant.host, host))),
};

const shell = schema({
  type: 'object',
  properties: {
    target: { type: 'string', enum: ['agent', 'runtime'] },
    command: {
      'type': 'array',
      'minItems': 1,
      'maxItems': 32,
      'items': { type: 'string', maxLength: 1024 },
      'x-kubernetes-validations': [{
        rule: "self[0].startsWith('/')",
        message: 'must begin with the absolute path of a program',
        holds: (self) => self[0].startsWith('/'),
      }],
    },
    allowedPhases: {
      'type': 'array',
      'maxItems': 5,
      'x-kubernetes-list-type': 'set',
      'items': { type: 'string', enum: ['Running', 'Idle', 'Succeeded', 'Failed', 'Cancelled'] },
    },
    recordTranscript: {
      'type': 'boolean',
      'x-kubernetes-validations': [{
        rule: '!self',
        message: 'must be false: transcripts are not recorded, they would keep whatever secret is typed or printed',
        holds: (self) => self === false,
      }],
    },
  },
});

const gitRepo = schema({
  type: 'object',
  required: ['owner', 'repo'],
  properties: {
    owner: { type: 'string', minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$', patternMessage: 'must be the name of an owner' },
    repo: { type: 'string', minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9_.-]+$', patternMessage: 'must be the name of a repository' },
    access: { type: 'string', enum: ['read', 'write'], description: 'read unless it says write' },
  },
});

const grants = schema({
  'type': 'object',
  'properties': {
    // Each host of each credential is compared with each egress grant: the three limits bound the cost of that rule.
    credentials: { 'type': 'array', 'maxItems': 24, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], 'items': credentialGrant },
    egress: { type: 'array', maxItems: 128, items: egressGrant },
    gitRepos: { 'type': 'array', 'maxItems': 128, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['owner', 'repo'], 'items': gitRepo },
    runs: { type: 'object', properties: { interact: { type: 'boolean' }, shell } },
  },
  'x-kubernetes-validations': [hostsAreGranted],
});

const interception = schema({
  'type': 'object',
  'description': 'kept for manifests of paddock; here agents have no other way out than the egress proxy, whatever it says',
  'properties': {
    transparent: { type: 'object' },
    cooperativeAccepted: { type: 'object', required: ['accepted', 'reason'], properties: { accepted, reason } },
  },
  'x-kubernetes-validations': [
    {
      rule: '!has(self.transparent)',
      message: 'transparent is refused: redirecting packets inside a pod needs NET_ADMIN, which restricted pods never have',
      holds: (self) => self.transparent === undefined,
    },
    {
      rule: 'has(self.transparent) || has(self.cooperativeAccepted)',
      message: 'must have cooperativeAccepted, or be left out',
      holds: (self) => self.transparent !== undefined || self.cooperativeAccepted !== undefined,
    },
  ],
});

export const brokerPolicySpec = schema({
  type: 'object',
  required: ['appliesToTemplates', 'grants'],
  properties: {
    appliesToTemplates: {
      type: 'array',
      minItems: 1,
      maxItems: 64,
      items: { type: 'string', minLength: 1, maxLength: 253, pattern: GLOB_PATTERN, patternMessage: "must be a glob such as '*', 'coder' or 'team-?-[a-c]*'" },
    },
    templateKinds: {
      'type': 'array',
      'minItems': 1,
      'maxItems': TEMPLATE_KINDS.length,
      'x-kubernetes-list-type': 'set',
      'description': 'the only kinds of template the policy applies to',
      'items': { type: 'string', enum: TEMPLATE_KINDS },
    },
    imageDigests: {
      'type': 'array',
      'minItems': 1,
      'maxItems': 64,
      'x-kubernetes-list-type': 'set',
      'description': 'the policy applies only to templates whose image is pinned to one of these',
      'items': { type: 'string', maxLength: 71, pattern: '^sha256:[a-f0-9]{64}$', patternMessage: "must be 'sha256:' and 64 hexadecimal digits" },
    },
    grants,
    interception,
    egressDiscovery: {
      type: 'object',
      description: 'until the time given, at most seven days ahead, connections that no grant covers are allowed and recorded',
      required: ['accepted', 'reason', 'expiresAt'],
      properties: { accepted, reason, expiresAt: time },
    },
  },
});

export const brokerPolicyStatus = schema({ type: 'object', properties: { observedGeneration, conditions } });

type Grants = TypeOf<typeof grants>;
export type BrokerPolicySpec = TypeOf<typeof brokerPolicySpec>;
export type BrokerPolicyStatus = TypeOf<typeof brokerPolicyStatus>;

export const BROKER_POLICY: ResourceKind = {
  kind: 'BrokerPolicy',
  plural: 'brokerpolicies',
  singular: 'brokerpolicy',
  shortNames: ['bp'],
  scope: 'Namespaced',
  description: 'which credentials, hosts and repositories the runs of some templates may use; policies add up and none denies',
  spec: brokerPolicySpec,
  status: brokerPolicyStatus,
  printerColumns: [
    { name: 'Templates', type: 'string', jsonPath: '.spec.appliesToTemplates' },
    AGE,
    { name: 'Discovery-Until', type: 'string', jsonPath: '.spec.egressDiscovery.expiresAt', priority: 1 },
  ],
};
