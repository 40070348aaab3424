import type { Handout, Provider, ProviderContext } from './provider';
import { headerValue } from './secret-value';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { credentialHosts } from '../../../../src/protocol/resources';
import type { Exchange } from '../surrogates/forwarding';

/**
 * A key of Anthropic's API. Clients send the surrogate as `x-api-key` or as `Authorization: Bearer`, by which of two
 * variables they were given it; the key goes out as `x-api-key` alone. https://docs.anthropic.com/en/api/overview
 */
export const anthropicApi = {
  kind: 'AnthropicAPI',
  bearerKind: 'anthropic',
  leaseTag: 'anth',

  async issue(grant: CredentialGrantSpec, { secrets }: Pick<ProviderContext, 'secrets'>): Promise<Handout> {
    await headerValue(grant, secrets);
    return { delivery: 'ProxyInjected', hosts: credentialHosts(grant) };
  },

  carriers: () => [{ in: 'header', name: 'x-api-key' }, { in: 'header', name: 'authorization' }] as const,

  async exchange(grant: CredentialGrantSpec, { secrets }: Pick<ProviderContext, 'secrets'>): Promise<Exchange> {
    return { setHeaders: { 'X-Api-Key': await headerValue(grant, secrets) }, removeHeaders: ['Authorization'] };
  },
} as const satisfies Provider;
