import { hostCovers } from '../hosts';
import { accepted, conditions, observedGeneration, reason, time } from './common';
import { credentialGrant, credentialHosts, DEFAULT_HOSTS } from './credential-grant';
import { MAX_DISCOVERY_MILLISECONDS } from './discovery';
import { egressGrant } from './egress-grant';
import { AGE, conditionPath, ResourceKind } from './kind';
import { celList, CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

const DAY = 24 * 60 * 60 * 1000;

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
  description: 'shells that clients may open in the pods of runs; none without it',
  properties: {
    target: { type: 'string', enum: ['agent', 'runtime'], description: 'container that it opens in; agent unless it says runtime' },
    command: {
      'type': 'array',
      'description': 'program and arguments; the shell of the image without it',
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
      'description': 'phases of a run in which it may be opened; without it all in which the run has a pod',
      'maxItems': 5,
      'x-kubernetes-list-type': 'set',
      'items': { type: 'string', enum: ['Running', 'Idle', 'Succeeded', 'Failed', 'Cancelled'] },
    },
    recordTranscript: {
      'type': 'boolean',
      'description': 'may only be false, as it is without it',
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
    owner: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
      patternMessage: 'must be the name of an owner',
      description: 'user or organization that owns the repository; the same for all of a policy',
    },
    repo: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
      pattern: '^[A-Za-z0-9_.-]+$',
      patternMessage: 'must be the name of a repository',
      description: 'name of the repository',
    },
    access: { type: 'string', enum: ['read', 'write'], description: 'read lets runs clone and fetch, write also push; read unless it says write' },
  },
});

const grants = schema({
  'type': 'object',
  'description': 'what the runs may use',
  'properties': {
    // Each host of each credential is compared with each egress grant: the three limits bound the cost of that rule.
    credentials: {
      'type': 'array',
      'maxItems': 24,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'description': 'credentials that they may use; none without it',
      'items': credentialGrant,
    },
    egress: { type: 'array', maxItems: 128, items: egressGrant, description: 'hosts that they may connect to; none without it' },
    gitRepos: {
      'type': 'array',
      'maxItems': 128,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['owner', 'repo'],
      'description': 'repositories that tokens of kind GitHubApp are limited to; without it all of the installation, for reading only',
      'items': gitRepo,
    },
    runs: {
      type: 'object',
      description: 'what clients may do with the runs; of no effect in this version, which has batch runs only and opens no shells',
      properties: { interact: { type: 'boolean', description: 'whether they may send further prompts; false unless it says true' }, shell },
    },
  },
  'x-kubernetes-validations': [hostsAreGranted],
});

const interception = schema({
  'type': 'object',
  'description': 'kept for manifests of paddock; here agents have no other way out than the egress proxy, whatever it says',
  'properties': {
    transparent: { type: 'object', description: 'must be left out: no pod here may redirect packets' },
    cooperativeAccepted: {
      type: 'object',
      description: 'someone accepts that agents are led to the egress proxy by variables',
      required: ['accepted', 'reason'],
      properties: { accepted, reason: { ...reason, description: 'why it is accepted' } },
    },
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
  description: 'what is granted, and to the runs of which templates',
  required: ['appliesToTemplates', 'grants'],
  properties: {
    appliesToTemplates: {
      type: 'array',
      description: 'names of templates, or globs of names, whose runs get what is granted',
      minItems: 1,
      maxItems: 64,
      items: { type: 'string', minLength: 1, maxLength: 253, pattern: GLOB_PATTERN, patternMessage: "must be a glob such as '*', 'coder' or 'team-?-[a-c]*'" },
    },
    templateKinds: {
      'type': 'array',
      'minItems': 1,
      'maxItems': TEMPLATE_KINDS.length,
      'x-kubernetes-list-type': 'set',
      'description': 'the only kinds of template the policy applies to; without it both, but no HarnessTemplate that hides a ClusterHarnessTemplate',
      'items': { type: 'string', enum: TEMPLATE_KINDS },
    },
    imageDigests: {
      'type': 'array',
      'minItems': 1,
      'maxItems': 64,
      'x-kubernetes-list-type': 'set',
      'description': 'the policy applies only to templates whose image is pinned to one of these; to any image without it',
      'items': { type: 'string', maxLength: 71, pattern: '^sha256:[a-f0-9]{64}$', patternMessage: "must be 'sha256:' and 64 hexadecimal digits" },
    },
    grants,
    interception,
    egressDiscovery: {
      type: 'object',
      description: 'until the time given, connections that no grant covers are allowed and recorded; none are without it',
      required: ['accepted', 'reason', 'expiresAt'],
      properties: {
        accepted,
        reason: { ...reason, description: 'why it is needed' },
        expiresAt: { ...time, description: `end of it; it is open for the last ${MAX_DISCOVERY_MILLISECONDS / DAY} days before that` },
      },
    },
  },
});

export const brokerPolicyStatus = schema({
  type: 'object',
  description: 'what the operator has found',
  properties: { observedGeneration, conditions: { ...conditions, description: 'Ready says which templates it applies to, and the others whether discovery is open' } },
});

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
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Ready', 'reason'), priority: 1 },
  ],
};
