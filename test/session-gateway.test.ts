import { Cpu } from 'cdk8s-plus-28';
import { GatewayAuthentication, GatewayOptions, GatewayScaling, IssuerKind, NetworkPeer, TokenIssuer } from '../src';
import { everything } from './helpers/everything';
import { Emitted, environmentOf as environmentOfRole, one, podOf as ofRole, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';
import { EnvVariable, GATEWAY_ENV } from '../src/protocol/env';

const objectsOf = (gateway: GatewayOptions = {}) => synth(testPlatform({ sessions: { gateway } }).chart);
const podOf = (objects: readonly Emitted[]) => ofRole(objects, 'gateway');
const environmentOf = (objects: readonly Emitted[]) => environmentOfRole(objects, 'gateway');
const volumeOf = (objects: readonly Emitted[], name: string) => podOf(objects).volumes.find((volume: any) => volume.name === name);
const objects = objectsOf();

describe('by default', () => {
  test('its load says how many replicas there are, so the Deployment does not', () => {
    expect(one(objects, 'Deployment', 'gateway').spec).not.toHaveProperty('replicas');
    expect(one(objects, 'HorizontalPodAutoscaler', 'gateway')).toMatchObject({
      apiVersion: 'autoscaling/v2',
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gateway' },
        minReplicas: 2,
        maxReplicas: 10,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
      },
    });
    expect(one(objects, 'PodDisruptionBudget', 'gateway').spec.maxUnavailable).toBe(1);
  });

  test('the environment holds only what the server reads, and everything it must have', () => {
    const names = Object.keys(environmentOf(objects));
    expect(Object.keys(GATEWAY_ENV)).toEqual(expect.arrayContaining(names));
    const required = Object.entries<EnvVariable>(GATEWAY_ENV).filter(([, variable]) => variable.required).map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(required));
  });

  test('it has no right in the API, and no token for it: its own is for the controller', () => {
    expect(objects.filter(({ subjects }) => subjects?.some(({ name }: any) => name === 'gateway'))).toEqual([]);
    expect(podOf(objects).automountServiceAccountToken).toBe(false);
    const sources = podOf(objects).volumes.flatMap(({ projected }: any) => projected?.sources ?? []);
    expect(sources.flatMap(({ serviceAccountToken }: any) => serviceAccountToken ?? [])).toEqual([{ audience: 'agent-platform-controller', path: 'token', expirationSeconds: 3600 }]);
  });

  test('of the Secrets it has those it needs, and not the key that workers trust', () => {
    const secrets = podOf(objects).volumes.flatMap(({ secret }: any) => secret?.secretName ?? []);
    expect(secrets.sort()).toEqual(['gateway-api-keys', 'session-keys', 'session-store-access']);
    expect(volumeOf(objects, 'store-access').secret.items).toEqual([{ key: 'password', path: 'password' }]);
  });

  test('nobody has a key until the Secret with the keys is made, which is not done here', () => {
    expect(volumeOf(objects, 'api-keys').secret).toEqual({
      secretName: 'gateway-api-keys', defaultMode: 0o440, items: [{ key: 'api-keys.json', path: 'api-keys.json' }], optional: true,
    });
    expect(objects.filter(({ metadata }) => metadata.name === 'gateway-api-keys')).toEqual([]);
    expect(environmentOf(objects)).toMatchObject({ API_KEYS_FILE: '/etc/agent-platform/api-keys/api-keys.json' });
  });

  test('nobody reaches it, and it reaches no issuer', () => {
    const { spec } = one(objects, 'NetworkPolicy', 'allow-gateway');
    expect(spec).not.toHaveProperty('ingress');
    expect(JSON.stringify(spec.egress)).not.toContain('ipBlock":{"cidr":"0.0.0.0/0');
  });

  test('without a key it is not ready, so nothing is applied after it', () => {
    const waveOf = ({ metadata }: any) => Number(metadata.annotations['argocd.argoproj.io/sync-wave']);
    const all = everything('a');
    const last = Math.max(...all.map(waveOf));
    expect([...new Set(all.filter((object) => waveOf(object) === last).map(({ metadata }) => metadata.name))]).toEqual(['gateway']);
    expect(waveOf(one(all, 'Deployment', 'gateway'))).toBe(last);
  });

  test('it speaks plain HTTP for a proxy in front', () => {
    expect(testPlatform().platform.gateway!.url).toBe('http://gateway.agent-platform.svc:8080');
    expect(environmentOf(objects)).not.toHaveProperty('TLS_DIR');
  });
});

test('with a certificate it speaks TLS, and sees nothing else of the Secret', () => {
  const made = objectsOf({ tlsSecretName: 'edge' });
  expect(environmentOf(made)).toMatchObject({ TLS_DIR: '/etc/agent-platform/tls' });
  expect(volumeOf(made, 'tls').secret.items.map(({ key }: any) => key)).toEqual(['tls.crt', 'tls.key']);
  expect(testPlatform({ sessions: { gateway: { tlsSecretName: 'edge' } } }).platform.gateway!.url).toMatch(/^https:/);
});

test('a fixed number of replicas needs no autoscaler', () => {
  const made = objectsOf({ scaling: GatewayScaling.fixed(3) });
  expect(one(made, 'Deployment', 'gateway').spec.replicas).toBe(3);
  expect(made.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')).toEqual([]);
});

test('limits reach the gateway, and what is not said stays its default', () => {
  const env = environmentOf(objectsOf({ limits: { concurrent: 50 } }));
  expect(env).toMatchObject({ CONCURRENT: '50' });
  expect(env).not.toHaveProperty('REQUESTS_PER_SECOND');
});

test('clients and issuers get as far as they are named', () => {
  const { chart, platform } = testPlatform({ clients: [NetworkPeer.namespace('ingress')], identityProvider: [NetworkPeer.cidr('203.0.113.0/24')] });
  platform.boundary.allowClients(NetworkPeer.namespace('batch'));
  const { spec } = one(synth(chart), 'NetworkPolicy', 'allow-gateway');
  expect(spec.ingress).toEqual([{
    from: ['batch', 'ingress'].map((name) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } })), ports: [{ port: 8080, protocol: 'TCP' }],
  }]);
  expect(spec.egress).toContainEqual({ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 443, protocol: 'TCP' }] });
});

describe('token issuers', () => {
  const roles = { roleClaim: 'realm_access.roles', requiredRole: 'user', adminRole: 'admin' };
  const company: TokenIssuer = { issuer: 'https://login.example.com/', audience: 'agents', ...roles, ca: { name: 'company-ca', key: 'ca.pem' } };
  const cluster: TokenIssuer = { issuer: 'https://kubernetes.default.svc', audience: 'agents', kind: IssuerKind.KUBERNETES, jwks: { name: 'cluster-keys', key: 'jwks' } };
  const made = objectsOf({ authentication: GatewayAuthentication.oidc([company, cluster]) });

  test('are written for the gateway, with their files where they are mounted', () => {
    expect(JSON.parse(one(made, 'ConfigMap', 'gateway-issuers').data['issuers.json'])).toEqual({
      issuers: [
        { issuer: 'https://login.example.com/', audience: 'agents', kind: 'oidc', ...roles, caFile: '/etc/agent-platform/issuers/ca-0.pem' },
        { issuer: 'https://kubernetes.default.svc', audience: 'agents', kind: 'kubernetes', jwksFile: '/etc/agent-platform/issuers/jwks-1.json' },
      ],
    });
    expect(volumeOf(made, 'issuers').projected.sources).toEqual([
      { configMap: { name: 'gateway-issuers', items: [{ key: 'issuers.json', path: 'issuers.json' }] } },
      { configMap: { name: 'company-ca', items: [{ key: 'ca.pem', path: 'ca-0.pem' }] } },
      { configMap: { name: 'cluster-keys', items: [{ key: 'jwks', path: 'jwks-1.json' }] } },
    ]);
  });

  test('alone leave no room for API keys, and with them keep both', () => {
    expect(environmentOf(made)).not.toHaveProperty('API_KEYS_FILE');
    const both = environmentOf(objectsOf({ authentication: GatewayAuthentication.oidcAndApiKeys([cluster], { secretName: 'keys' }) }));
    expect(Object.keys(both)).toEqual(expect.arrayContaining(['ISSUERS_FILE', 'API_KEYS_FILE']));
  });

  test('are read once, so others make other pods, and the same ones do not', () => {
    const templateOf = (...issuers: TokenIssuer[]) => one(objectsOf({ authentication: GatewayAuthentication.oidc(issuers) }), 'Deployment', 'gateway').spec.template.metadata;
    expect(templateOf(company, cluster)).toEqual(templateOf(company, cluster));
    expect(templateOf({ ...company, adminRole: undefined })).not.toEqual(templateOf(company));
  });

  test('and keys are none where everybody is let in, which has to be said', () => {
    const env = environmentOf(objectsOf({ authentication: GatewayAuthentication.anonymous() }));
    expect(env).toMatchObject({ ANONYMOUS: 'true' });
    expect(env).not.toHaveProperty('API_KEYS_FILE');
    expect(environmentOf(objects)).not.toHaveProperty('ANONYMOUS');
  });

  const oidc = (change: Partial<TokenIssuer>) => ({ authentication: GatewayAuthentication.oidc([{ issuer: 'https://a.example', audience: 'x', ...change }]) });
  test.each<[string, GatewayOptions, RegExp]>([
    ['none', { authentication: GatewayAuthentication.oidc([]) }, /issuers must name one or more; GatewayAuthentication\.anonymous\(\) lets everybody in/],
    ['none, for the keys to do it alone', { authentication: GatewayAuthentication.oidcAndApiKeys([]) }, /issuers must name one or more/],
    ['one twice', { authentication: GatewayAuthentication.oidc([cluster, cluster]) }, /issuers\[1\] is https:\/\/kubernetes\.default\.svc, which is there already/],
    ['two clusters, whose accounts are not told apart', { authentication: GatewayAuthentication.oidc([cluster, { ...cluster, issuer: 'https://b.example' }]) }, /issuers may have one of IssuerKind\.KUBERNETES, .* got https:\/\/kubernetes\.default\.svc, https:\/\/b\.example/],
    ['one in the clear', oidc({ issuer: 'http://a.example' }), /issuers\[0\]\.issuer must be an https URL .* got "http:\/\/a\.example"/],
    ['one with a query', oidc({ issuer: 'https://a.example?x' }), /without query/],
    ['one with a password', oidc({ issuer: 'https://u:p@a.example' }), /must be an https URL/],
    ['tokens for anybody', oidc({ audience: '' }), /audience must be 1 to 512 characters/],
    ['a role in no claim', oidc({ requiredRole: 'user' }), /roleClaim must say where the role 'user' is/],
    ['a claim without role', oidc({ roleClaim: 'roles' }), /roleClaim has no effect without/],
    ['an authority for keys that are mounted', oidc({ jwks: { name: 'a', key: 'b' }, ca: { name: 'a', key: 'b' } }), /ca has no effect with jwks/],
    ['an entry that cannot be', oidc({ jwks: { name: 'a', key: '../b' } }), /jwks\.key must be the key of an entry/],
  ])('are refused: %s', (_what, options, message) => {
    expect(() => objectsOf(options)).toThrow(message);
  });
});

test.each<[string, GatewayOptions, RegExp]>([
  ['no replica', { scaling: GatewayScaling.fixed(0) }, /test\/platform\/gateway: scaling replicas must be a whole number from 1 to 100, got 0/],
  ['more at least than at most', { scaling: GatewayScaling.cpu({ minReplicas: 4, maxReplicas: 3 }) }, /maxReplicas must be at least minReplicas, 4, got 3/],
  ['an aim beyond all', { scaling: GatewayScaling.cpu({ targetUtilization: 101 }) }, /targetUtilization must be a whole number from 1 to 100/],
  ['an aim of nothing', { resources: { cpu: { limit: Cpu.units(1) } } }, /resources\.cpu\.request must be given with GatewayScaling\.cpu\(\)/],
  ['no request at all', { limits: { requestsPerSecond: 0 } }, /limits\.requestsPerSecond must be a whole number from 1 to 10000, got 0/],
  ['a Secret that cannot be', { tlsSecretName: 'Edge' }, /tlsSecretName must be .* got "Edge"/],
  ['keys in a Secret that cannot be', { authentication: GatewayAuthentication.apiKeys({ secretName: '' }) }, /apiKeys\.secretName must be/],
])('%s is refused', (_what, options, message) => {
  expect(() => objectsOf(options)).toThrow(message);
});
