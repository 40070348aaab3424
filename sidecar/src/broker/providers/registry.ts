import { anthropicApi } from './anthropic-api';
import { awsAccessKey } from './aws-access-key';
import { gitHubApp, GitHubAppWorld } from './github-app';
import { ProviderObserver, timed } from './observer';
import { patPool, PatPoolWorld } from './pat-pool';
import type { Provider } from './provider';
import { userSuppliedSecret } from './user-supplied-secret';
import type { ProviderKind } from '../../../../src/protocol/resources';

/** What providers touch of the world. */
export type ProviderWorld = GitHubAppWorld & PatPoolWorld & { readonly observer?: ProviderObserver };

/** Every provider that is built in, by kind. A new one is a file, a line here and one in the table of bearer kinds. */
const PROVIDERS: Readonly<Record<ProviderKind, (world: ProviderWorld) => Provider>> = {
  UserSuppliedSecret: () => userSuppliedSecret,
  AnthropicAPI: () => anthropicApi,
  GitHubApp: gitHubApp,
  PATPool: patPool,
  AWSAccessKey: () => awsAccessKey,
};

/** The providers over a world, made once: what they remember, such as minted tokens, is shared by all requests. */
export function providersOf(world: ProviderWorld): (kind: ProviderKind) => Provider {
  const made = Object.fromEntries(Object.entries(PROVIDERS).map(([kind, make]) => [kind, observed(make(world), world)]));
  return (kind) => made[kind];
}

function observed(provider: Provider, { clock, observer }: ProviderWorld): Provider {
  if (observer?.issued === undefined) return provider;
  const tell = observer.issued.bind(observer, provider.kind);
  return { ...provider, issue: (grant, context) => timed(() => provider.issue(grant, context), clock, tell) };
}
