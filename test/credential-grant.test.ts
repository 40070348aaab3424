import { Duration, Testing } from 'cdk8s';
import { BrokerPolicy } from '../src/broker-policy';
import { BrokerPolicyProps } from '../src/broker-policy-props';
import { CredentialDelivery } from '../src/credential-delivery';
import { CredentialGrant } from '../src/credential-grant';
import { StubNamespace } from './helpers/namespace';

const SECRET = { name: 'provider', key: 'token' };
const REASON = 'needed until the migration is done';

type Options = Partial<Omit<BrokerPolicyProps, 'namespace'>>;

function synth(options: Options) {
  const chart = Testing.chart();
  new BrokerPolicy(chart, 'coders', { namespace: new StubNamespace(), appliesToTemplates: ['coder'], ...options });
  return { manifest: Testing.synth(chart)[0] };
}

const refusal = (options: Options) => () => synth(options);
const granting = (...credentials: CredentialGrant[]) => ({ credentials, egress: [{ host: '*.example.com' }] });

describe('credentials', () => {
  const provider = (grant: CredentialGrant) => synth(granting(grant)).manifest.spec.grants.credentials[0].provider;
  const supplied = (delivery: CredentialDelivery) => provider(CredentialGrant.userSupplied('KEY', { secret: SECRET, delivery })).deliveryMode;
  const hosts = ['a.example.com'];

  test('of a GitHub App name the App, its installation and its server', () => {
    const app = CredentialGrant.gitHubApp('GITHUB_TOKEN', {
      secret: SECRET, appId: '12', installationId: '34', hosts, apiEndpoint: 'https://a.example.com/api/v3',
    });
    expect(provider(app)).toEqual({
      kind: 'GitHubApp', secretRef: SECRET, appId: '12', installationId: '34', hosts, apiEndpoint: 'https://a.example.com/api/v3',
    });
    expect(app.credentialName).toBe('GITHUB_TOKEN');
  });

  test('of a pool name hosts and rotation', () => {
    expect(provider(CredentialGrant.patPool('PAT', { secret: SECRET, hosts, rotation: Duration.minutes(5) })))
      .toEqual({ kind: 'PATPool', secretRef: SECRET, hosts, rotationSeconds: 300 });
  });

  test('of AWS name hosts, and regions and services when they are limited', () => {
    const secret = { name: 'aws', key: 'credentials' };
    expect(provider(CredentialGrant.awsAccessKey('AWS_SESSION_TOKEN', { secret, hosts }))).toEqual({ kind: 'AWSAccessKey', secretRef: secret, hosts });
    const limited = { secret, hosts, regions: ['eu-central-1'], services: ['s3', 'dynamodb'], rotation: Duration.minutes(5) };
    expect(provider(CredentialGrant.awsAccessKey('AWS_SESSION_TOKEN', limited)))
      .toEqual({ kind: 'AWSAccessKey', secretRef: secret, hosts, regions: ['eu-central-1'], services: ['s3', 'dynamodb'], rotationSeconds: 300 });
  });

  test.each<[string, object, RegExp]>([
    ['without a region', { regions: [] }, /test\/coders: .*regions.*at least 1/],
    ['for a service that no signature names', { services: ['s3/x'] }, /test\/coders: .*services\[0\].*scope of a signature/],
    ['without hosts', { hosts: [] }, /test\/coders: .*hosts.*at least 1/],
  ])('of AWS are refused %s', (_, more, because) => {
    expect(refusal(granting(CredentialGrant.awsAccessKey('KEY', { secret: SECRET, hosts, ...more })))).toThrow(because);
  });

  test('of Anthropic may name other hosts', () => {
    expect(provider(CredentialGrant.anthropicApi('KEY', { secret: SECRET, hosts, rotation: Duration.minutes(1) })))
      .toEqual({ kind: 'AnthropicAPI', secretRef: SECRET, hosts, rotationSeconds: 60 });
  });

  test('are delivered in exactly the way that was chosen', () => {
    expect(supplied(CredentialDelivery.header({ hosts, header: 'X-Key', valuePrefix: 'Bearer ' })))
      .toEqual({ proxyInjected: { hosts, header: { name: 'X-Key', valuePrefix: 'Bearer ' } } });
    expect(supplied(CredentialDelivery.header({ hosts, header: 'X-Key' }))).toEqual({ proxyInjected: { hosts, header: { name: 'X-Key' } } });
    expect(supplied(CredentialDelivery.queryParameter({ hosts, parameter: 'key' }))).toEqual({ proxyInjected: { hosts, queryParam: { name: 'key' } } });
    expect(supplied(CredentialDelivery.basicAuth({ hosts, username: 'git' }))).toEqual({ proxyInjected: { hosts, basicAuth: { username: 'git' } } });
    expect(supplied(CredentialDelivery.inContainer({ reason: REASON }))).toEqual({ inContainer: { accepted: true, reason: REASON } });
  });

  test('are refused twice under one name', () => {
    const one = CredentialGrant.patPool('PAT', { secret: SECRET, hosts });
    expect(refusal(granting(one, one))).toThrow(/test\/coders: .*credentials.*PAT/);
  });

  test.each(['HTTPS_PROXY', 'https_proxy', 'CURL_CA_BUNDLE', 'PADDOCK_X', 'not a name', '1ST'])('are refused under the name %j', (name) => {
    expect(refusal(granting(CredentialGrant.patPool(name, { secret: SECRET, hosts })))).toThrow(new RegExp(`test/coders: .*${name}`));
  });

  test('are refused with a rotation below a minute', () => {
    expect(refusal(granting(CredentialGrant.patPool('PAT', { secret: SECRET, hosts, rotation: Duration.seconds(59) }))))
      .toThrow(/test\/coders: .*rotationSeconds.*60.*59/);
  });

  test('are refused with a rotation of half a second more', () => {
    expect(refusal(granting(CredentialGrant.patPool('PAT', { secret: SECRET, hosts, rotation: Duration.millis(60500) }))))
      .toThrow(/test\/coders: .*rotationSeconds.*60\.5/);
  });

  test.each(['0', '012', 'abc', '1'.repeat(21), ''])('of a GitHub App are refused for the id %j', (appId) => {
    expect(refusal(granting(CredentialGrant.gitHubApp('T', { secret: SECRET, appId, installationId: '1', hosts })))).toThrow(/test\/coders: .*appId: must (be a decimal number|have at most 20)/);
  });

  test('of another GitHub server are refused without its hosts', () => {
    const app = CredentialGrant.gitHubApp('T', { secret: SECRET, appId: '1', installationId: '2', apiEndpoint: 'https://ghe.example.com/api/v3' });
    expect(refusal({ credentials: [app], egress: [{ host: 'github.com' }, { host: 'api.github.com' }] })).toThrow(/apiEndpoint needs hosts/);
  });

  test('in the container are refused without a real reason', () => {
    const delivery = CredentialDelivery.inContainer({ reason: `short${' '.repeat(30)}` });
    expect(refusal(granting(CredentialGrant.userSupplied('KEY', { secret: SECRET, delivery })))).toThrow(/test\/coders: .*reason.*20 characters/);
  });

  test('in a header that frames the message are refused', () => {
    const delivery = CredentialDelivery.header({ hosts, header: 'Host' });
    expect(refusal(granting(CredentialGrant.userSupplied('KEY', { secret: SECRET, delivery })))).toThrow(/header that frames the message/);
  });
});

describe('hosts that receive a credential', () => {
  const uncovered = (credential: string, host: string, granted: string) =>
    `credential '${credential}' goes to host '${host}', which must be covered by an egress grant of the policy, got ${granted}`;
  const WILDCARD = 'grants for *.example.com';

  test('are refused when no egress grant of the policy covers them', () => {
    const pool = CredentialGrant.patPool('PAT', { secret: SECRET, hosts: ['git.example.org'] });
    expect(refusal(granting(pool))).toThrow(uncovered('PAT', 'git.example.org', WILDCARD));
    expect(refusal(granting(pool))).toThrow(/^test\/coders: /);
    expect(refusal({ credentials: [pool] })).toThrow(uncovered('PAT', 'git.example.org', 'no egress grants'));
  });

  test('of a delivery are refused when no egress grant covers them', () => {
    const delivery = CredentialDelivery.basicAuth({ hosts: ['git.example.org'], username: 'git' });
    expect(refusal(granting(CredentialGrant.userSupplied('KEY', { secret: SECRET, delivery })))).toThrow(uncovered('KEY', 'git.example.org', WILDCARD));
  });

  test('a wildcard grant does not cover its apex', () => {
    const pool = CredentialGrant.patPool('PAT', { secret: SECRET, hosts: ['example.com'] });
    expect(refusal(granting(pool))).toThrow(uncovered('PAT', 'example.com', WILDCARD));
  });

  // broker-facts 8.1: default hosts were not checked, so such a grant was accepted and never worked.
  test('are checked also when they are the default ones', () => {
    expect(refusal(granting(CredentialGrant.anthropicApi('KEY', { secret: SECRET })))).toThrow(uncovered('KEY', 'api.anthropic.com', WILDCARD));
    expect(refusal({ credentials: [CredentialGrant.gitHubApp('T', { secret: SECRET, appId: '1', installationId: '2' })], egress: [{ host: 'github.com' }] }))
      .toThrow(uncovered('T', 'api.github.com', 'grants for github.com'));
  });
});

test('a value of a Secret has no way into a policy', () => {
  const { manifest } = synth(granting(CredentialGrant.patPool('PAT', { secret: { ...SECRET, value: 'hunter2' } as never, hosts: ['a.example.com'] })));
  expect(JSON.stringify(manifest)).not.toContain('hunter2');
});
