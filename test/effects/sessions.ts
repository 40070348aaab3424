import { Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { Build, each, Effects, merged, platform, refusal, rows } from './build';
import {
  ApiKeyOptions, ControllerAuthentication, ControllerCaller, ControllerOptions, CpuScalingOptions, ExistingStoreOptions, GatewayAuthentication,
  GatewayLimits, GatewayOptions, GatewayScaling, IssuerKind, NetworkPeer, SessionOptions, SessionStore, TokenIssuer, ValkeyStoreOptions,
} from '../../src';

const sessions = (options: SessionOptions): Build => platform({ sessions: options });
const controller = (options: ControllerOptions) => sessions({ controller: options });
const gateway = (options: GatewayOptions) => sessions({ gateway: options });
const store = (value: SessionStore) => sessions({ store: value });
const authenticated = (authentication: GatewayAuthentication) => gateway({ authentication });
const called = (...callers: ControllerCaller[]) => controller({ authentication: ControllerAuthentication.tokenReview(...callers) });
const existing = (options: ExistingStoreOptions) => store(SessionStore.existing(options));

const CALLER: ControllerCaller = { namespace: 'ci', serviceAccount: 'runner' };
const ISSUER: TokenIssuer = { issuer: 'https://a.example', audience: 'agents' };
const WITH_ROLES: TokenIssuer = { ...ISSUER, roleClaim: 'roles', requiredRole: 'user' };
const EXISTING: ExistingStoreOptions = { url: { name: 'redis', key: 'url' }, peers: [NetworkPeer.namespace('databases')] };
const ANONYMOUS = { gateway: { authentication: GatewayAuthentication.anonymous() } };
const RESOURCES = { cpu: { request: Cpu.millis(300) }, memory: { limit: Size.gibibytes(2) } };
const { apiKeys, oidc, oidcAndApiKeys, anonymous } = GatewayAuthentication;

export const SESSION_EFFECTS: Effects = merged(
  rows('AgentPlatformProps', platform, {}, { sessions: { enabled: false } }),
  rows('SessionOptions', sessions, {}, { enabled: false, controller: { replicas: 3 }, gateway: { scaling: GatewayScaling.fixed(3) }, store: SessionStore.existing(EXISTING) }),
  rows('ControllerOptions', controller, {}, {
    authentication: ControllerAuthentication.tokenReview(CALLER), claimTimeout: Duration.seconds(3), replicas: 3, resources: RESOURCES,
  }),
  {
    'ControllerAuthentication.tokenReview(callers)': [called(), called(CALLER)],
    'ControllerAuthentication.none()': [
      sessions({ ...ANONYMOUS, controller: { authentication: ControllerAuthentication.none() } }),
      sessions({ ...ANONYMOUS, controller: { authentication: ControllerAuthentication.tokenReview() } }),
    ],
  },
  rows('ControllerCaller', (caller: ControllerCaller) => called(caller), CALLER, { namespace: 'cd', serviceAccount: 'other', namespaces: ['team-a'], onBehalf: true }),
  rows('GatewayOptions', gateway, {}, {
    authentication: anonymous(), limits: { concurrent: 7 }, resources: RESOURCES, scaling: GatewayScaling.fixed(3), tlsSecretName: 'edge',
  }),
  rows('GatewayLimits', (limits: GatewayLimits) => gateway({ limits }), {}, { requestsPerSecond: 7, concurrentPerClient: 7, concurrent: 7 }),
  {
    'GatewayScaling.cpu(options)': [gateway({ scaling: GatewayScaling.cpu() }), gateway({ scaling: GatewayScaling.cpu({ maxReplicas: 3 }) })],
    'GatewayScaling.fixed(replicas)': [gateway({ scaling: GatewayScaling.fixed(2) }), gateway({ scaling: GatewayScaling.fixed(3) })],
  },
  rows('CpuScalingOptions', (options: CpuScalingOptions) => gateway({ scaling: GatewayScaling.cpu(options) }), {}, { minReplicas: 3, maxReplicas: 11, targetUtilization: 50 }),
  {
    'GatewayAuthentication.apiKeys(options)': [authenticated(apiKeys()), authenticated(apiKeys({ secretName: 'keys' }))],
    'GatewayAuthentication.oidc(issuers)': [authenticated(oidc([ISSUER])), authenticated(oidc([ISSUER, { ...ISSUER, issuer: 'https://b.example' }]))],
    'GatewayAuthentication.oidcAndApiKeys(issuers)': [authenticated(oidcAndApiKeys([ISSUER])), authenticated(oidcAndApiKeys([WITH_ROLES]))],
    'GatewayAuthentication.oidcAndApiKeys(options)': [authenticated(oidcAndApiKeys([ISSUER])), authenticated(oidcAndApiKeys([ISSUER], { secretName: 'keys' }))],
    'GatewayAuthentication.anonymous()': [authenticated(anonymous()), authenticated(apiKeys())],
  },
  rows('ApiKeyOptions', (options: ApiKeyOptions) => authenticated(apiKeys(options)), {}, { secretName: 'keys' }),
  each('IssuerKind', (kind) => authenticated(oidc([{ ...ISSUER, kind }])), Object.values(IssuerKind)),
  rows('TokenIssuer', (issuer: TokenIssuer) => authenticated(oidc([issuer])), ISSUER, {
    issuer: 'https://b.example', audience: 'other', kind: IssuerKind.KUBERNETES, jwks: { name: 'keys', key: 'jwks' }, ca: { name: 'ca', key: 'pem' },
  }),
  rows('TokenIssuer', (issuer: TokenIssuer) => authenticated(oidc([issuer])), WITH_ROLES, { roleClaim: 'groups', requiredRole: 'member', adminRole: 'admin' }),
  {
    'SessionStore.valkey(options)': [store(SessionStore.valkey()), store(SessionStore.valkey({ durable: false }))],
    'SessionStore.existing(options)': [existing(EXISTING), existing({ ...EXISTING, port: 6380 })],
    'SessionStore.memory()': [refusal(store(SessionStore.memory())), refusal(store(SessionStore.valkey()))],
  },
  rows('ValkeyStoreOptions', (options: ValkeyStoreOptions) => store(SessionStore.valkey(options)), {}, {
    durable: false, image: 'example.com/valkey:9', resources: RESOURCES, storageClassName: 'fast', volumeSize: Size.gibibytes(7),
  }),
  rows('ExistingStoreOptions', existing, EXISTING, {
    ca: { name: 'ca', key: 'pem' }, peers: [NetworkPeer.namespace('elsewhere')], port: 6380, url: { name: 'other', key: 'url' },
  }),
);
