import { setTimeout as sleep } from 'node:timers/promises';
import { openFolderTrust } from './trust/open-folder-trust';
import { type EgressTrust, openPodTrust, type TrustContext } from './trust/open-trust';
import type { EGRESS_ENV } from '../../../src/protocol/env';
import { OBJECTS } from '../../../src/protocol/objects';
import { KubeClient } from '../kube/client';
import { configuredConnection } from '../kube/configured-connection';
import type { Config, Listen } from '../server/program/config';
import { after } from '../server/time/timers';

type EgressConfig = Config<typeof EGRESS_ENV>;

/** The CAs, where they are kept and published: in the API, or in a folder. */
export async function openEgressTrust(config: EgressConfig, given: Pick<TrustContext, 'added' | 'log'>): Promise<EgressTrust> {
  const context = { ...given, load: () => import('../crypto/self-made-certificate.js'), clock: Date.now, after, random: Math.random };
  // The table requires the folder then.
  if (config.TRUST === 'directory') return openFolderTrust({ ...context, stateDir: config.STATE_DIR!, proxyUrl: urlOf(config.EGRESS_LISTEN) });
  const client = new KubeClient(configuredConnection(config, context.clock));
  try {
    const trust = await openPodTrust({
      ...context,
      client,
      namespace: config.POD_NAMESPACE!,
      service: OBJECTS.egress,
      secret: OBJECTS.egressCa,
      agentNamespaces: () => config.AGENT_NAMESPACES,
      wait: async (milliseconds, signal) => sleep(milliseconds, undefined, { signal, ref: false }),
    });
    return {
      ...trust,
      close: () => {
        trust.close();
        client.close();
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** How agents of this machine reach the proxy. */
function urlOf({ host = '127.0.0.1', port }: Listen): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
