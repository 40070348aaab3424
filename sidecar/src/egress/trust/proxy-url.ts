import { isIP } from 'node:net';
import { PORTS } from '../../../../src/protocol/ports';
import type { KubeObject } from '../../kube/client';
import { isFields } from '../../server/text/fields';

/**
 * How agents reach the proxy: by the cluster IP of its Service, as they have no DNS. Throws when the Service has none.
 * https://kubernetes.io/docs/concepts/services-networking/service/#type-clusterip
 */
export function proxyUrlOf(service: KubeObject): string {
  const { clusterIP } = isFields(service.spec) ? service.spec : {};
  // It is `None` for a headless Service, and empty for one that is a name for another host.
  const family = typeof clusterIP === 'string' ? isIP(clusterIP) : 0;
  if (family === 0) throw new Error(`Service ${service.metadata.name} has no cluster IP, got ${JSON.stringify(clusterIP)}; agents have no DNS to reach it otherwise`);
  return `http://${family === 6 ? `[${String(clusterIP)}]` : String(clusterIP)}:${PORTS['egress-proxy']}`;
}
