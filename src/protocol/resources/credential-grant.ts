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
  description: 'the header that gets the credential',
  properties: {
    name: {
      'type': 'string',
      'description': 'name of the header',
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
    valuePrefix: {
      type: 'string',
      maxLength: 128,
      pattern: '^[ -~]*$',
      patternMessage: 'must be printable ASCII',
      description: "text in front of the credential, such as 'Bearer ' with its blank; none without it",
    },
  },
});

const proxyInjected = schema({
  'type': 'object',
  'description': 'the agent holds a surrogate; the egress proxy exchanges it in requests to these hosts',
  'required': ['hosts'],
  'properties': {
    hosts: { ...hosts, description: 'hosts that receive the credential, each covered by an egress grant of the same policy' },
    header,
    queryParam: {
      type: 'object',
      description: 'the query parameter that gets the credential',
      required: ['name'],
      properties: {
        name: {
          type: 'string',
          minLength: 1,
          maxLength: 128,
          pattern: '^[A-Za-z0-9._~$-]+$',
          patternMessage: 'must be a query parameter that needs no escaping',
          description: 'name of the parameter',
        },
      },
    },
    basicAuth: {
      type: 'object',
      description: 'the credential is the password of HTTP Basic authentication',
      required: ['username'],
      properties: {
        username: {
          type: 'string', minLength: 1, maxLength: 128, pattern: '^[ -9;-~]+$', patternMessage: "must be printable ASCII without ':'", description: 'user that it belongs to',
        },
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
  'description': 'of kind UserSuppliedSecret: how the credential reaches the service that it is for',
  'properties': {
    proxyInjected,
    inContainer: {
      type: 'object',
      description: 'the agent holds the credential itself and can leak it; someone accepts that and says why',
      required: ['accepted', 'reason'],
      properties: { accepted, reason: { ...reason, description: 'why it is accepted; the status of each run repeats it' } },
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
  'description': 'where the credential comes from, and which hosts get it',
  'required': ['kind', 'secretRef'],
  'properties': {
    kind: {
      type: 'string',
      enum: PROVIDER_KINDS,
      description: 'AnthropicAPI, GitHubApp, PATPool of tokens that runs take one each, AWSAccessKey, or UserSuppliedSecret for any other credential',
    },
    secretRef: { ...keyRef, description: "key of a Secret: credential, App's private key as PEM, tokens one per line, or credentials file of AWS" },
    appId: { ...number, description: 'of kind GitHubApp: id of the App' },
    installationId: { ...number, description: "of kind GitHubApp: id of the App's installation" },
    apiEndpoint: {
      type: 'string',
      maxLength: 512,
      pattern: '^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*$',
      patternMessage: "must be an https URL without user, query and final slash, such as 'https://github.example.com/api/v3'",
      description: 'of kind GitHubApp: REST API of a GitHub Enterprise Server; without it that of github.com',
    },
    rotationSeconds: {
      type: 'integer', minimum: 60, maximum: 2_147_483_647, description: 'seconds after which a lease ends unless it is renewed; without it an hour, with inContainer never',
    },
    hosts: {
      ...hosts,
      description: 'hosts that receive the credential, each granted in egress; without it '
        + `${DEFAULT_HOSTS.AnthropicAPI.join(', ')} (AnthropicAPI), ${DEFAULT_HOSTS.GitHubApp.join(', ')} (GitHubApp)`,
    },
    deliveryMode,
    regions: scopes('of kind AWSAccessKey: regions that requests may be signed for; all without it'),
    services: scopes('of kind AWSAccessKey: services that requests may be signed for, as signatures name them; all without it'),
  },
  'x-kubernetes-validations': providerRules,
});

/** A credential that runs may use without holding it; its name is the environment variable of the surrogate. */
export const credentialGrant = schema({
  type: 'object',
  required: ['name', 'provider'],
  properties: {
    name: { ...envName, description: 'name by which templates require it, and variable of the agent that has the surrogate' },
    provider,
  },
});

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
