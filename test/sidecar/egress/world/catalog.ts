import { brokerPolicy, harnessRun, harnessTemplate, secret } from '../../broker/documents';

/** What the runs of the world may reach, and the credentials that they are lent. */

/** Hosts by what is special about them. Those of `substituted` have a credential of the same name. */
export const HOSTS = {
  /** `Authorization: Bearer`. */
  api: 'api.example.test',
  /** `Authorization: token`, as gh sends it. */
  hub: 'hub.example.test',
  /** Basic with a password. */
  git: 'git.example.test',
  /** A query parameter. */
  maps: 'maps.example.test',
  /** `x-api-key`. */
  anthropic: 'api.anthropic.com',
  /** Signed requests. */
  s3: 's3.eu-central-1.amazonaws.com',
  sts: 'sts.eu-central-1.amazonaws.com',
  /** Substituted like `api`, and the run may only GET below /open. */
  narrow: 'narrow.example.test',
  /** Let through as it is, on any port. */
  files: 'files.example.test',
  /** Let through as it is, on one port. */
  odd: 'odd.example.test',
  /** Below a wildcard. */
  wild: 'deep.down.wild.example.test',
  /** Nobody may. */
  foreign: 'foreign.example.test',
} as const;

export const ODD_PORT = 8443;

/** What upstreams want to see, and no agent ever does. */
export const CREDENTIALS = {
  api: 'planted-api-credential-1f3a',
  hub: 'planted-hub-credential-2e4b',
  git: 'planted-git-credential-3d5c',
  maps: 'planted-maps-credential-4c6d',
  anthropic: 'planted-anthropic-credential-5b7e',
  narrow: 'planted-narrow-credential-6a8f',
  /** The secret half of the key that follows. */
  aws: 'planted-aws-secret-access-key-79a0',
} as const;

/** The other half, which every signature names. */
export const AWS_KEY_ID = 'AKIAPLANTEDEXAMPLE';

export type CredentialName = keyof typeof CREDENTIALS;
export const CREDENTIAL_NAMES = Object.keys(CREDENTIALS) as CredentialName[];

/** User name of the Basic credentials of `git`. */
export const GIT_USER = 'x-access-token';

/** Each run has the address of its pod. */
export const RUNS = { r1: '127.0.0.1', r2: '127.0.0.2' } as const;
export type RunId = keyof typeof RUNS;

const CARRIERS = {
  api: { header: { name: 'Authorization', valuePrefix: 'Bearer ' } },
  hub: { header: { name: 'Authorization', valuePrefix: 'token ' } },
  git: { basicAuth: { username: GIT_USER } },
  maps: { queryParam: { name: 'key' } },
  narrow: { header: { name: 'Authorization', valuePrefix: 'Bearer ' } },
};

/** What a test changes about the catalog. */
export interface CatalogChanges {
  /** Phase of the run `r1`. */
  readonly phase?: string;
  /** Hosts whose egress grants are gone. */
  readonly withdrawn?: readonly string[];
  /** Whether a discovery window is open: milliseconds since 1970. */
  readonly discoveryUntil?: number;
}

export function catalogDocuments({ phase = 'Running', withdrawn = [], discoveryUntil }: CatalogChanges = {}): object[] {
  const egress = [
    ...[HOSTS.api, HOSTS.hub, HOSTS.git, HOSTS.maps, HOSTS.anthropic, HOSTS.s3, HOSTS.sts, HOSTS.files].map((host) => ({ host })),
    { host: HOSTS.narrow, methods: ['GET'], paths: ['/open/*'] },
    { host: HOSTS.odd, ports: [ODD_PORT] },
    { host: '*.wild.example.test' },
  ];
  const discovery = discoveryUntil === undefined ? [] : [brokerPolicy({ name: 'p2' }, {
    grants: {}, egressDiscovery: { accepted: true, reason: 'to see what a new agent needs', expiresAt: new Date(discoveryUntil).toISOString() },
  })];
  return [
    ...discovery,
    harnessRun({ name: 'r1' }, { phase, podIPs: [RUNS.r1] }),
    harnessRun({ name: 'r2' }, { phase: 'Running', podIPs: [RUNS.r2] }),
    harnessTemplate({}, CREDENTIAL_NAMES),
    brokerPolicy({}, { grants: { credentials: CREDENTIAL_NAMES.map(grantOf), egress: egress.filter(({ host }) => !withdrawn.includes(host)) } }),
    secret({ ...CREDENTIALS, aws: `[default]\naws_access_key_id = ${AWS_KEY_ID}\naws_secret_access_key = ${CREDENTIALS.aws}\n` }),
  ];
}

function grantOf(name: CredentialName) {
  const secretRef = { name: 'upstream', key: name };
  if (name === 'anthropic') return { name, provider: { kind: 'AnthropicAPI', secretRef } };
  if (name === 'aws') return { name, provider: { kind: 'AWSAccessKey', secretRef, hosts: [HOSTS.s3, HOSTS.sts], services: ['s3', 'sts'] } };
  return { name, provider: { kind: 'UserSuppliedSecret', secretRef, deliveryMode: { proxyInjected: { hosts: [HOSTS[name]], ...CARRIERS[name] } } } };
}
