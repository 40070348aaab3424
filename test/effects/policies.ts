import { Duration } from 'cdk8s';
import { each, Effects, emitted, merged, policy, rows } from './build';
import {
  AnthropicApiCredentialProps, AwsAccessKeyCredentialProps, BasicAuthDeliveryProps, BrokerPolicy, BrokerPolicyProps, CredentialDelivery,
  CredentialGrant, EgressDiscovery, EgressGrant, GitHubAppCredentialProps, HeaderDeliveryProps, HttpMethod, InContainerDeliveryProps,
  PatPoolCredentialProps, QueryParameterDeliveryProps, RepositoryAccess, RepositoryGrant, SecretKey, ShellGrant, ShellPhase, ShellTarget,
  TemplateKind, UserSuppliedCredentialProps,
} from '../../src';
import { DIGEST } from '../helpers/platform';

const SECRET: SecretKey = { name: 'secret', key: 'token' };
const OTHER: SecretKey = { name: 'other', key: 'token' };

/** Grants egress to every host that a credential below goes to, on any port. */
const EGRESS = ['a.example.com', 'b.example.com', 'api.anthropic.com', 'github.com', 'api.github.com', 'github.example.com'].map((host) => ({ host }));
const credential = (grant: CredentialGrant) => policy({ egress: EGRESS, credentials: [grant] });
const delivered = (delivery: CredentialDelivery) => credential(CredentialGrant.userSupplied('TOKEN', { secret: SECRET, delivery }));
const egress = (grant: EgressGrant) => policy({ egress: [grant] });
const repository = (grant: RepositoryGrant) => {
  const app = CredentialGrant.gitHubApp('TOKEN', { secret: SECRET, appId: '1', installationId: '2' });
  return policy({ egress: EGRESS, credentials: [app], repositories: [grant] });
};
const shell = (grant: ShellGrant) => policy({ shell: grant });

const HEADER = CredentialDelivery.header({ hosts: ['a.example.com'], header: 'X-Key' });
const BASIC = CredentialDelivery.basicAuth({ hosts: ['a.example.com'], username: 'me' });
const REASON = 'The tool reads it from its environment.';

const grants = {
  anthropicApi: (name: string, secret = SECRET) => credential(CredentialGrant.anthropicApi(name, { secret })),
  awsAccessKey: (name: string, secret = SECRET) => credential(CredentialGrant.awsAccessKey(name, { secret, hosts: ['a.example.com'] })),
  gitHubApp: (name: string, secret = SECRET) => credential(CredentialGrant.gitHubApp(name, { secret, appId: '1', installationId: '2' })),
  patPool: (name: string, secret = SECRET) => credential(CredentialGrant.patPool(name, { secret, hosts: ['a.example.com'] })),
  userSupplied: (name: string, secret = SECRET) => credential(CredentialGrant.userSupplied(name, { secret, delivery: HEADER })),
};

const factories: Effects = Object.fromEntries(Object.entries(grants).flatMap(([factory, grant]) => [
  [`CredentialGrant.${factory}(name)`, [grant('ONE'), grant('TWO')]],
  [`CredentialGrant.${factory}(props)`, [grant('ONE'), grant('ONE', OTHER)]],
]));

export const POLICY_EFFECTS: Effects = merged(
  rows<Partial<BrokerPolicyProps>>('BrokerPolicyProps', policy, {}, {
    appliesToTemplates: ['other'],
    credentials: [CredentialGrant.userSupplied('TOKEN', { secret: SECRET, delivery: CredentialDelivery.inContainer({ reason: REASON }) })],
    egress: [{ host: 'a.example.com' }],
    egressDiscovery: { reason: REASON, expiresAt: '2030-01-01T00:00:00Z' },
    imageDigests: [DIGEST],
    interact: true,
    name: 'other',
    shell: {},
    templateKinds: [TemplateKind.CLUSTER],
  }),
  {
    'BrokerPolicyProps.repositories': [
      credential(CredentialGrant.gitHubApp('TOKEN', { secret: SECRET, appId: '1', installationId: '2' })),
      repository({ owner: 'me', repo: 'it' }),
    ],
    'BrokerPolicyProps.namespace': [
      policy({}),
      emitted(({ chart, platform }) => new BrokerPolicy(chart, 'policy', { namespace: platform.addNamespace('team-b'), appliesToTemplates: ['coder'] })),
    ],
  },
  each('TemplateKind', (kind) => policy({ templateKinds: [kind] }), Object.values(TemplateKind)),
  factories,
  rows('SecretKey', (secret: SecretKey) => grants.anthropicApi('TOKEN', secret), SECRET, { key: 'other', name: 'other' }),
  rows('AnthropicApiCredentialProps', (props: AnthropicApiCredentialProps) => credential(CredentialGrant.anthropicApi('TOKEN', props)), { secret: SECRET }, {
    hosts: ['a.example.com'], rotation: Duration.minutes(5), secret: OTHER,
  }),
  rows('GitHubAppCredentialProps', (props: GitHubAppCredentialProps) => credential(CredentialGrant.gitHubApp('TOKEN', props)), { secret: SECRET, appId: '1', installationId: '2', hosts: ['github.example.com'] }, {
    apiEndpoint: 'https://github.example.com/api/v3', appId: '3', hosts: ['a.example.com'], installationId: '3', secret: OTHER,
  }),
  rows('AwsAccessKeyCredentialProps', (props: AwsAccessKeyCredentialProps) => credential(CredentialGrant.awsAccessKey('TOKEN', props)), { secret: SECRET, hosts: ['a.example.com'] }, {
    hosts: ['b.example.com'], regions: ['eu-central-1'], rotation: Duration.minutes(5), secret: OTHER, services: ['s3'],
  }),
  rows('PatPoolCredentialProps', (props: PatPoolCredentialProps) => credential(CredentialGrant.patPool('TOKEN', props)), { secret: SECRET, hosts: ['a.example.com'] }, {
    hosts: ['b.example.com'], rotation: Duration.minutes(5), secret: OTHER,
  }),
  rows('UserSuppliedCredentialProps', (props: UserSuppliedCredentialProps) => credential(CredentialGrant.userSupplied('TOKEN', props)), { secret: SECRET, delivery: HEADER }, {
    delivery: BASIC, rotation: Duration.minutes(5), secret: OTHER,
  }),
  {
    'CredentialDelivery.basicAuth(props)': [delivered(BASIC), delivered(HEADER)],
    'CredentialDelivery.header(props)': [delivered(HEADER), delivered(BASIC)],
    'CredentialDelivery.inContainer(props)': [delivered(CredentialDelivery.inContainer({ reason: REASON })), delivered(HEADER)],
    'CredentialDelivery.queryParameter(props)': [delivered(CredentialDelivery.queryParameter({ hosts: ['a.example.com'], parameter: 'X-Key' })), delivered(HEADER)],
  },
  rows('BasicAuthDeliveryProps', (props: BasicAuthDeliveryProps) => delivered(CredentialDelivery.basicAuth(props)), { hosts: ['a.example.com'], username: 'me' }, { hosts: ['b.example.com'], username: 'you' }),
  rows('HeaderDeliveryProps', (props: HeaderDeliveryProps) => delivered(CredentialDelivery.header(props)), { hosts: ['a.example.com'], header: 'X-Key' }, {
    header: 'X-Token', hosts: ['b.example.com'], valuePrefix: 'Bearer ',
  }),
  rows('QueryParameterDeliveryProps', (props: QueryParameterDeliveryProps) => delivered(CredentialDelivery.queryParameter(props)), { hosts: ['a.example.com'], parameter: 'key' }, {
    hosts: ['b.example.com'], parameter: 'token',
  }),
  rows('InContainerDeliveryProps', (props: InContainerDeliveryProps) => delivered(CredentialDelivery.inContainer(props)), { reason: REASON }, { reason: `${REASON} Really.` }),
  rows('EgressGrant', egress, { host: 'a.example.com' }, { host: 'b.example.com', methods: [HttpMethod.GET], paths: ['/x'], ports: [443] }),
  each('HttpMethod', (method) => egress({ host: 'a.example.com', methods: [method] }), Object.values(HttpMethod)),
  rows('EgressDiscovery', (egressDiscovery: EgressDiscovery) => policy({ egressDiscovery }), { reason: REASON, expiresAt: '2030-01-01T00:00:00Z' }, {
    expiresAt: '2030-01-02T00:00:00Z', reason: `${REASON} Really.`,
  }),
  rows('RepositoryGrant', repository, { owner: 'me', repo: 'it' }, { access: RepositoryAccess.WRITE, owner: 'you', repo: 'that' }),
  each('RepositoryAccess', (access) => repository({ owner: 'me', repo: 'it', access }), Object.values(RepositoryAccess)),
  rows('ShellGrant', shell, {}, { allowedPhases: [ShellPhase.IDLE], command: ['/bin/sh'], target: ShellTarget.RUNTIME }),
  each('ShellPhase', (phase) => shell({ allowedPhases: [phase] }), Object.values(ShellPhase)),
  each('ShellTarget', (target) => shell({ target }), Object.values(ShellTarget)),
);
