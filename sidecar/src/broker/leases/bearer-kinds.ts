import type { ProviderKind } from '../../../../src/protocol/resources';
import type { TokenKind } from '../../crypto/sealed-token';

/** Kind of the bearers of each provider, also of those that a broker leaves out: their bearers are ours all the same. */
export const BEARER_KINDS: Readonly<Record<ProviderKind, TokenKind>> = {
  UserSuppliedSecret: 'usersecret',
  AnthropicAPI: 'anthropic',
  GitHubApp: 'github',
  PATPool: 'patpool',
  AWSAccessKey: 'aws',
};
