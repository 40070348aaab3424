import type { Pod } from './pod';
import { PORTS } from '../../../../src/protocol/ports';
import { DEFAULT_ENTRY_POINTS } from '../../../../src/protocol/session-pools';
import { httpDaemon } from '../daemon-client';
import { ClaimedWorker, ProviderError } from '../worker-provider';

/** A claimed pod as a session uses it. While the kubelet makes it anew it has no address. */
export function workerOf({ namespace, name, pool, uid, ip, ips }: Pod, entryPoints = DEFAULT_ENTRY_POINTS): ClaimedWorker {
  if (ip === undefined) throw new ProviderError('Unavailable', `pod ${namespace}/${name} has no address now`);
  return {
    worker: { pool, podName: name, podUid: uid, podIP: ip, entryPoints },
    podIPs: ips,
    ask: httpDaemon(`http://${ip.includes(':') ? `[${ip}]` : ip}:${PORTS['session-api']}`),
  };
}
