import { REFUSED_PORTS } from '../protocol/egress-api';
import { hostCovers } from '../protocol/hosts';
import type { BrokerPolicySpec } from '../protocol/resources';
import { credentialHosts } from '../protocol/resources/credential-grant';

/** Names every host that receives a credential without an egress grant; the schema's own message cannot say which it is. */
export function uncoveredHostProblems({ grants }: BrokerPolicySpec): string[] {
  const granted = (grants.egress ?? []).map(({ host }) => host);
  return (grants.credentials ?? []).flatMap((credential) => credentialHosts(credential)
    .filter((host) => !granted.some((grant) => hostCovers(grant, host)))
    .map((host) => `credential '${credential.name}' goes to host '${host}', which must be covered by an egress grant of the policy, got ${list(granted)}`));
}

/** Names every port of a grant to which the egress proxy connects nobody. */
export function refusedPortProblems({ grants }: BrokerPolicySpec): string[] {
  return (grants.egress ?? []).flatMap(({ host, ports = [] }) => ports
    .filter((port) => REFUSED_PORTS.includes(port))
    .map((port) => `the egress grant for host '${host}' names port ${port}, to which the egress proxy connects nobody`));
}

function list(hosts: readonly string[]): string {
  return hosts.length === 0 ? 'no egress grants' : `grants for ${hosts.join(', ')}`;
}
