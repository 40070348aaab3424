import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import type { BrokerDeps } from '../broker-deps';
import type { Provider } from '../providers/provider';
import { refuse } from '../refuse';

/** The provider of a grant, if it is built in. */
export function requiredProvider({ providers }: Pick<BrokerDeps, 'providers'>, { name, provider: { kind } }: CredentialGrantSpec): Provider {
  const provider = providers(kind);
  if (provider === undefined) throw refuse('ProviderFailure', `credential ${name}: provider ${kind} is not built in`);
  return provider;
}
