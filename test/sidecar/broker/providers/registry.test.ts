import { BEARER_KINDS } from '../../../../sidecar/src/broker/leases/bearer-kinds';
import { HttpFailure } from '../../../../sidecar/src/broker/providers/http';
import type { ProviderObserver } from '../../../../sidecar/src/broker/providers/observer';
import type { IssueContext } from '../../../../sidecar/src/broker/providers/provider';
import { providersOf } from '../../../../sidecar/src/broker/providers/registry';
import { TOKEN_KINDS } from '../../../../sidecar/src/crypto/sealed-token';
import { PROVIDER_KINDS } from '../../../../src/protocol/resources';
import { BEARER_GRANT, PLANTED, refusalOf, secrets, T0 } from '../example-grants';
import { MemorySlotStore } from '../slots/memory-slot-store';

const WORLD = { http: () => Promise.reject(new HttpFailure('no test goes out')), slots: new MemorySlotStore(), clock: () => T0 };
const providerOf = providersOf(WORLD);
const PROVIDERS = PROVIDER_KINDS.map(providerOf);

test('every kind of the custom resource has bearers of its own kind', () => {
  expect(Object.keys(BEARER_KINDS).sort()).toEqual([...PROVIDER_KINDS].sort());
  expect(new Set(Object.values(BEARER_KINDS)).size).toBe(PROVIDER_KINDS.length);
  expect(Object.values(BEARER_KINDS).every((kind) => TOKEN_KINDS.includes(kind))).toBe(true);
});

test('the names in front of bearers are those of paddock\'s clients', () => {
  expect(BEARER_KINDS).toEqual({ UserSuppliedSecret: 'usersecret', AnthropicAPI: 'anthropic', GitHubApp: 'github', PATPool: 'patpool', AWSAccessKey: 'aws' });
});

test('every kind of the custom resource is built in, with the kind of bearer that the table says', () => {
  expect(PROVIDERS.map(({ kind }) => kind)).toEqual([...PROVIDER_KINDS]);
  expect(PROVIDERS.every(({ kind, bearerKind }) => BEARER_KINDS[kind] === bearerKind)).toBe(true);
});

test('lease ids begin with the tags of paddock, each provider with its own', () => {
  expect(Object.fromEntries(PROVIDERS.map(({ kind, leaseTag }) => [kind, leaseTag])))
    .toEqual({ UserSuppliedSecret: 'uss', AnthropicAPI: 'anth', GitHubApp: 'gha', PATPool: 'pat', AWSAccessKey: 'aws' });
});

test('a provider is made once: what it remembers serves all requests', () => {
  expect(providerOf('GitHubApp')).toBe(providerOf('GitHubApp'));
});

describe('whoever observes', () => {
  const told: unknown[] = [];
  let now = T0;
  const observer: ProviderObserver = { issued: (...what) => told.push(what) };
  const { issue } = providersOf({ ...WORLD, clock: () => (now += 5), observer })('UserSuppliedSecret');
  beforeEach(() => told.splice(0));

  test('is told how long issuing took, and that it failed', async () => {
    await issue(BEARER_GRANT, { secrets: secrets(PLANTED) } as IssueContext);
    await refusalOf(() => issue(BEARER_GRANT, { secrets: secrets(undefined) } as IssueContext));
    expect(told).toEqual([['UserSuppliedSecret', 5, 'ok'], ['UserSuppliedSecret', 5, 'failed']]);
  });
});
