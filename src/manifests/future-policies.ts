import { PolicyManifest, Topology } from './network-policy';
import { runNetworkPolicy } from './run-network-policy';

/** No run has this name, so no object that exists is mistaken for one of the future. */
const ANY_RUN = '<run>';

/** What the operator writes once there are runs: one for each of them, of which one in each namespace stands for all. */
export function futurePolicies({ platform, endpoints }: Topology): PolicyManifest[] {
  return endpoints.filter(({ role }) => role === 'agent').map(({ namespace }) => runNetworkPolicy({ platform, namespace, run: ANY_RUN }));
}
