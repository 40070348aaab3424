import type { Provider } from './provider';
import { userSuppliedSecret } from './user-supplied-secret';
import type { ProviderKind } from '../../../../src/protocol/resources';
import type { TokenKind } from '../../crypto/sealed-token';

/** Every provider that is built in. A new one is a file and a line here. */
export const PROVIDERS: readonly Provider[] = [
  userSuppliedSecret,
];

/** Kind of the bearers of each provider, also of those that are not built in: their bearers are ours all the same. */
export const BEARER_KINDS: Readonly<Record<ProviderKind, TokenKind>> = {
  UserSuppliedSecret: 'usersecret',
  AnthropicAPI: 'anthropic',
  GitHubApp: 'github',
  PATPool: 'patpool',
};

/** The provider of that kind; undefined when it is not built in. */
export function providerOf(kind: ProviderKind): Provider | undefined {
  return PROVIDERS.find((provider) => provider.kind === kind);
}
