import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPodKeys } from './keys/open-keys';
import { openControllerCertificate } from './keys/own-certificate';
import { openStoreAccess } from './keys/store-access';
import { PodsProvider } from './pods/pods-provider';
import type { ControllerWorld, WorldContext } from './world';
import { CONTROLLER_AUDIENCE } from '../../../src/protocol/names';
import { OBJECTS } from '../../../src/protocol/objects';
import { KubeClient } from '../kube/client';
import { configuredConnection } from '../kube/configured-connection';
import { LeaderLease } from '../kube/leader-lease';
import { TokenReview } from '../kube/token-review';
import { steadyClock } from '../server/time/clock';
import { after } from '../server/time/timers';

const wait = (milliseconds: number, signal?: AbortSignal): Promise<unknown> => sleep(milliseconds, undefined, { signal, ref: false });

/** A controller of a cluster: workers are warm pods, and everything that replicas share is in the API. */
export async function openPodsWorld({ config, log, pools }: WorldContext): Promise<ControllerWorld> {
  const clock = Date.now;
  const random = Math.random;
  const client = new KubeClient(configuredConnection(config, clock));
  // The table requires both for pods.
  const [namespace, podName] = [config.POD_NAMESPACE!, config.POD_NAME!];
  const load = () => import('../crypto/self-made-certificate.js');
  const own = { client, namespace, clock, wait, after, random, log, load };
  const ends: (() => Promise<void> | void)[] = [() => client.close()];
  const opened = <T>(value: T, end: (value: T) => Promise<void> | void): T => {
    ends.push(() => end(value));
    return value;
  };
  const close = async (): Promise<void> => {
    // The last one that was opened ends first.
    for (const end of ends.reverse()) await end();
  };
  try {
    const workerNamespaces = () => [...new Set(pools().all.map((pool) => pool.namespace))];
    const keys = opened(await openPodKeys({ ...own, sessionKeysDir: config.SESSION_KEYS_DIR, workerNamespaces }), (one) => one.close());
    const access = config.STORE_ACCESS ? opened(await openStoreAccess(own), (one) => one.close()) : undefined;
    const certificate = config.TLS_SELF_MADE ? await openControllerCertificate(own) : undefined;
    const provider = opened(new PodsProvider({
      client,
      pools: () => pools().all,
      longestWait: config.CLAIM_SECONDS * 1000,
      clock,
      steady: steadyClock,
      after,
      random,
      wait,
      interrupted: (where, err) => log.warn({ namespace: where, err }, 'the watch of workers was interrupted and begins anew'),
    }), (one) => one.close());
    const lease = opened(new LeaderLease({
      client,
      namespace,
      name: OBJECTS.controllerLease,
      identity: `${podName}_${randomUUID()}`,
      clock,
      steady: steadyClock,
      random,
      wait,
      failed: (err) => log.warn({ err }, 'the lease could not be had or renewed; it is tried again'),
    }), (one) => one.close());
    return {
      keys,
      provider,
      proxyUrl: (where) => keys.proxyUrl(where),
      leading: () => lease.isLeader(),
      reviews: new TokenReview({ client, audience: CONTROLLER_AUDIENCE, clock }),
      ...(certificate && { certificate }),
      ...(access && { storeSecrets: access }),
      poolsChanged: () => void keys.publish(),
      unready: () => keys.problem() ?? provider.problem() ?? access?.problem() ?? certificate?.problem(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
