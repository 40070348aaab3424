import { BEARER_KINDS, providerOf, PROVIDERS } from '../../../../sidecar/src/broker/providers/registry';
import { TOKEN_KINDS } from '../../../../sidecar/src/crypto/sealed-token';
import { PROVIDER_KINDS } from '../../../../src/protocol/resources';

test('every kind of the custom resource has bearers of its own kind, built in or not', () => {
  expect(Object.keys(BEARER_KINDS).sort()).toEqual([...PROVIDER_KINDS].sort());
  expect(new Set(Object.values(BEARER_KINDS)).size).toBe(PROVIDER_KINDS.length);
  expect(Object.values(BEARER_KINDS).every((kind) => TOKEN_KINDS.includes(kind))).toBe(true);
});

test('the names in front of bearers are those of paddock\'s clients', () => {
  expect(BEARER_KINDS).toEqual({ UserSuppliedSecret: 'usersecret', AnthropicAPI: 'anthropic', GitHubApp: 'github', PATPool: 'patpool' });
});

test('a provider has the kind of bearer that the table says, and a tag that no other has', () => {
  expect(PROVIDERS.every(({ kind, bearerKind }) => BEARER_KINDS[kind] === bearerKind)).toBe(true);
  expect(new Set(PROVIDERS.map(({ kind }) => kind)).size).toBe(PROVIDERS.length);
  expect(new Set(PROVIDERS.map(({ leaseTag }) => leaseTag)).size).toBe(PROVIDERS.length);
  expect(PROVIDERS.every(({ leaseTag }) => /^[a-z]+$/.test(leaseTag))).toBe(true);
});

test('a provider is found by its kind', () => {
  expect(providerOf('UserSuppliedSecret')?.leaseTag).toBe('uss');
});

test.each(['AnthropicAPI', 'GitHubApp', 'PATPool'] as const)('%s is not built in yet', (kind) => {
  expect(providerOf(kind)).toBeUndefined();
});
