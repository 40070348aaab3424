import { accepted, envName, host, keyRef, reason } from './common';
import { CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

/** Where a credential comes from. */
export const PROVIDER_KINDS = ['UserSuppliedSecret', 'AnthropicAPI', 'GitHubApp', 'PATPool', 'AWSAccessKey'] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/** Hosts that receive a credential when its grant lists none. */
export const DEFAULT_HOSTS = {
  AnthropicAPI: ['api.anthropic.com'],
  GitHubApp: ['github.com', 'api.github.com'],
} as const satisfies Partial<Record<ProviderKind, readonly string[]>>;

/** Headers that frame a message or belong to one connection; setting one would break the request, not authenticate it. */
const FRAMING_HEADERS = [
  'connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
];

const hosts = schema({ type: 'array', minItems: 1, maxItems: 12, items: host });

const header = schema({
  type: 'object',
  required: ['name'],
  properties: {
    name: {
      'type': 'string',
      'minLength': 1,
      'maxLength': 128,
      'pattern': "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      'patternMessage': 'must be the name of an HTTP header',
      'x-kubernetes-validations': [{
        rule: `!(self.lowerAscii() in [${FRAMING_HEADERS.map((name) => `'${name}'`).join(', ')}])`,
        message: `must not be a header that frames the message: ${FRAMING_HEADERS.join(', ')}`,
        holds: (self) => !FRAMING_HEADERS.includes(self.toLowerCase()),
      }],
    },
    valuePrefix: { type: 'string', maxLength: 128, pattern: '^[ -~]*$', patternMessage: 'must be printable ASCII' },
  },
});

const proxyInjected = schema({
  'type': 'object',
  'description': 'the agent holds a surrogate; the egress proxy exchanges it in requests to these hosts',
  'required': ['hosts'],
  'properties': {
    hosts,
    header,
    queryParam: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9._~$-]+$', patternMessage: 'must be a query parameter that needs no escaping' },
      },
    },
    basicAuth: {
      type: 'object',
      required: ['username'],
      properties: {
        username: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[ -9;-~]+$', patternMessage: "must be printable ASCII without ':'" },
      },
    },
  },
  'x-kubernetes-validations': [{
    rule: '[has(self.header), has(self.queryParam), has(self.basicAuth)].exists_one(given, given)',
    message: 'must have exactly one of header, queryParam and basicAuth',
    holds: (self) => given(self.header, self.queryParam, self.basicAuth) === 1,
  }],
});

const deliveryMode = schema({
  'type': 'object',
  'properties': {
    proxyInjected,
    inContainer: {
      type: 'object',
      description: 'the agent holds the credential itself and can leak it; someone accepts that and says why',
      required: ['accepted', 'reason'],
      properties: { accepted, reason },
    },
  },
  'x-kubernetes-validations': [{
    rule: 'has(self.proxyInjected) != has(self.inContainer)',
    message: 'must have exactly one of proxyInjected and inContainer',
    holds: (self) => given(self.proxyInjected, self.inContainer) === 1,
  }],
});

const number = schema({ type: 'string', maxLength: 20, pattern: '^[1-9][0-9]{0,19}$', patternMessage: 'must be a decimal number of at most 20 digits, as text' });

function scopes(description: string) {
  return schema({
    'type': 'array',
    'minItems': 1,
    'maxItems': 32,
    'x-kubernetes-list-type': 'set',
    description,
    'items': { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$', patternMessage: "must be as in the scope of a signature, such as 'eu-central-1' or 's3'" },
  });
}

const providerRules: readonly CelRule[] = [
  {
    rule: "self.kind != 'GitHubApp' || (has(self.appId) && has(self.installationId))",
    message: 'kind GitHubApp must have appId and installationId',
    holds: (self) => self.kind !== 'GitHubApp' || given(self.appId, self.installationId) === 2,
  },
  {
    rule: "self.kind == 'GitHubApp' || !(has(self.appId) || has(self.installationId) || has(self.apiEndpoint))",
    message: 'appId, installationId and apiEndpoint are for kind GitHubApp only',
    holds: (self) => self.kind === 'GitHubApp' || given(self.appId, self.installationId, self.apiEndpoint) === 0,
  },
  {
    // The default hosts are github.com's: tokens of another server have no business there.
    rule: '!has(self.apiEndpoint) || has(self.hosts)',
    message: 'apiEndpoint needs hosts: the default hosts belong to github.com',
    holds: (self) => self.apiEndpoint === undefined || self.hosts !== undefined,
  },
  {
    rule: "self.kind != 'UserSuppliedSecret' || !has(self.hosts)",
    message: 'kind UserSuppliedSecret names its hosts in deliveryMode.proxyInjected.hosts, not in hosts',
    holds: (self) => self.kind !== 'UserSuppliedSecret' || self.hosts === undefined,
  },
  {
    rule: "self.kind != 'PATPool' || has(self.hosts)",
    message: 'kind PATPool must have hosts',
    holds: (self) => self.kind !== 'PATPool' || self.hosts !== undefined,
  },
  {
    rule: "self.kind != 'AWSAccessKey' || has(self.hosts)",
    message: 'kind AWSAccessKey must have hosts',
    holds: (self) => self.kind !== 'AWSAccessKey' || self.hosts !== undefined,
  },
  {
    rule: "self.kind == 'AWSAccessKey' || !(has(self.regions) || has(self.services))",
    message: 'regions and services are for kind AWSAccessKey only',
    holds: (self) => self.kind === 'AWSAccessKey' || given(self.regions, self.services) === 0,
  },
  {
    rule: "(self.kind == 'UserSuppliedSecret') == has(self.deliveryMode)",
    message: 'deliveryMode must be there for kind UserSuppliedSecret and for no other kind',
    holds: (self) => (self.kind === 'UserSuppliedSecret') === (self.deliveryMode !== undefined),
  },
];

const provider = schema({
  'type': 'object',
  'required': ['kind', 'secretRef'],
  'properties': {
    kind: { type: 'string', enum: PROVIDER_KINDS },
    secretRef: keyRef,
    appId: number,
    installationId: number,
    apiEndpoint: {
      type: 'string',
      maxLength: 512,
      pattern: '^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*$',
      patternMessage: "must be an https URL without user, query and final slash, such as 'https://github.example.com/api/v3'",
      description: 'REST API of a GitHub Enterprise Server; without it the API of github.com',
    },
    rotationSeconds: { type: 'integer', minimum: 60, maximum: 2_147_483_647, description: 'time after which a lease is renewed' },
    hosts,
    deliveryMode,
    regions: scopes('regions of AWS that requests may be signed for; all without it'),
    services: scopes('services of AWS that requests may be signed for, as signatures name them; all without it'),
  },
  'x-kubernetes-validations': providerRules,
});

/** A credential that runs may use without holding it; its name is the environment variable of the surrogate. */
export const credentialGrant = schema({ type: 'object', required: ['name', 'provider'], properties: { name: envName, provider } });

/** The hosts that receive a credential; none when the agent holds it itself. */
export function credentialHosts(grant: TypeOf<typeof credentialGrant>): readonly string[] {
  const { kind, hosts: listed, deliveryMode: delivery } = grant.provider;
  if (listed !== undefined) return listed;
  if (delivery !== undefined) return delivery.proxyInjected?.hosts ?? [];
  return kind === 'AnthropicAPI' || kind === 'GitHubApp' ? DEFAULT_HOSTS[kind] : [];
}

function given(...fields: readonly unknown[]): number {
  return fields.filter((field) => field !== undefined).length;
}
