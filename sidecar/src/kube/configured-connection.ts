import { Connection, inCluster } from './connection';
import { kubeconfig } from './kubeconfig';
import type { Clock } from '../server/time/clock';

/** How a role was told to reach the API server. */
export interface ApiServerConfig {
  readonly KUBECONFIG?: string;
  readonly KUBERNETES_SERVICE_HOST?: string;
  readonly KUBERNETES_SERVICE_PORT: number;
}

/** What is wrong with an environment that is to reach the API server. `setting` is what asks for it. */
export function apiServerProblems({ KUBECONFIG, KUBERNETES_SERVICE_HOST }: ApiServerConfig, setting: string): string[] {
  return KUBECONFIG !== undefined || KUBERNETES_SERVICE_HOST !== undefined ? [] : [`${setting} outside a cluster needs KUBECONFIG`];
}

/** The connection of an environment without problems. */
export function configuredConnection({ KUBECONFIG, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT }: ApiServerConfig, clock: Clock): Connection {
  if (KUBECONFIG !== undefined) return kubeconfig(KUBECONFIG, clock);
  return inCluster({ host: KUBERNETES_SERVICE_HOST!, port: KUBERNETES_SERVICE_PORT }, clock);
}
