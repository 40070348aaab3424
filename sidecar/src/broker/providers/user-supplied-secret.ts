import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { refuse } from '../refuse';
import { basic } from './basic-credentials';
import type { Handout, Provider, ProviderContext, SecretReader } from './provider';
import { headerValue, rawValue, requestValue } from './secret-value';
import type { Carrier } from '../surrogates/carriers';
import type { Exchange } from '../surrogates/forwarding';

type Delivery = NonNullable<CredentialGrantSpec['provider']['deliveryMode']>;
type ProxyInjected = NonNullable<Delivery['proxyInjected']>;

/** A Secret that somebody wrote: exchanged in a header, a query parameter or Basic credentials, or handed out as it is. */
export const userSuppliedSecret = {
  kind: 'UserSuppliedSecret',
  bearerKind: 'usersecret',
  leaseTag: 'uss',

  async issue(grant: CredentialGrantSpec, { secrets }: Pick<ProviderContext, 'secrets'>): Promise<Handout> {
    const { proxyInjected, inContainer } = deliveryOf(grant);
    if (proxyInjected !== undefined) {
      await exchangeOf(grant, proxyInjected, secrets);
      return { delivery: 'ProxyInjected', hosts: proxyInjected.hosts };
    }
    // A consent that is not given is as good as none; the schema says so too, but this is the last place to ask.
    if (inContainer?.accepted !== true) throw malformed(grant);
    return { delivery: 'InContainer', value: await rawValue(grant, secrets), reason: inContainer.reason };
  },

  carriers(grant: CredentialGrantSpec): readonly Carrier[] {
    const { proxyInjected } = deliveryOf(grant);
    if (proxyInjected?.header !== undefined) return [{ in: 'header', name: proxyInjected.header.name.toLowerCase() }];
    if (proxyInjected?.queryParam !== undefined) return [{ in: 'query', name: proxyInjected.queryParam.name }];
    return proxyInjected?.basicAuth === undefined ? [] : [{ in: 'header', name: 'authorization' }];
  },

  async exchange(grant: CredentialGrantSpec, { secrets }: Pick<ProviderContext, 'secrets'>): Promise<Exchange> {
    const { proxyInjected } = deliveryOf(grant);
    if (proxyInjected === undefined) throw malformed(grant);
    return exchangeOf(grant, proxyInjected, secrets);
  },
} as const satisfies Provider;

async function exchangeOf(grant: CredentialGrantSpec, { header, queryParam, basicAuth }: ProxyInjected, secrets: SecretReader): Promise<Exchange> {
  if (header !== undefined) return { setHeaders: { [header.name]: `${header.valuePrefix ?? ''}${await headerValue(grant, secrets)}` } };
  if (queryParam !== undefined) return { setQueryParams: { [queryParam.name]: await requestValue(grant, secrets) } };
  if (basicAuth !== undefined) return { setHeaders: { Authorization: basic(basicAuth.username, await requestValue(grant, secrets)) } };
  throw malformed(grant);
}

function deliveryOf(grant: CredentialGrantSpec): Delivery {
  if (grant.provider.deliveryMode === undefined) throw malformed(grant);
  return grant.provider.deliveryMode;
}

function malformed({ name }: CredentialGrantSpec) {
  return refuse('ProviderFailure', `credential ${name} of UserSuppliedSecret: its grant names no usable deliveryMode`);
}
