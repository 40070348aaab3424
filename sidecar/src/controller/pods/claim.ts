import { claimPatch, ClaimPatch } from './claim-patch';
import { isOf, Pod, podOf, podsOf } from './pod';
import { WORKER_STATES } from '../../../../src/protocol/names';
import { backOff, type Wait } from '../../kube/back-off';
import type { KubeClient } from '../../kube/client';
import { hasCode } from '../../kube/kube-error';

/** Name under which the API server keeps what the controller has changed. */
const FIELD_MANAGER = 'controller';

/** Milliseconds for one call; a session waits for it. */
const CALL_TIMEOUT = 5_000;

/** Patches of one pod whose answer may be lost. */
const ATTEMPTS = 3;

export interface ClaimDeps {
  readonly client: Pick<KubeClient, 'get' | 'jsonPatch'>;
  readonly random: () => number;
  readonly wait: Wait;
}

/**
 * Claims one pod. Undefined when that is impossible for good: somebody else has it, or it is gone. Rejects when it cannot
 * be said, or when the API server refuses; the pod may then be claimed all the same, or be claimed later.
 */
export async function claimPod({ client, random, wait }: ClaimDeps, pod: Pod, patch: ClaimPatch): Promise<Pod | undefined> {
  const steps = claimPatch(pod, patch);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const claimed = await client.jsonPatch(podsOf(pod.namespace), pod.name, steps, { fieldManager: FIELD_MANAGER, timeout: CALL_TIMEOUT });
      return podOf(claimed);
    } catch (error) {
      if (!hasCode(error, 'NotFound', ...REFUSED, ...LOST)) throw error;
      const now = await podNow(client, pod);
      if (now === undefined) return undefined;
      if (isOf(now, patch.sessionId)) return now;
      if (now.state !== WORKER_STATES.warm) return undefined;
      // No other pod is tried as long as this patch may still arrive: the session would have two.
      if (hasCode(error, ...REFUSED) || attempt >= ATTEMPTS) throw error;
    }
    await wait(backOff(attempt, random));
  }
}

/** A `test` did not hold, or the API server takes no such change. */
const REFUSED = ['Invalid', 'Conflict'] as const;

/** The patch may have arrived. */
const LOST = ['Unavailable', 'TooLarge'] as const;

/** The pod as it is now; undefined when it is gone, even if there is another under its name. */
export async function podNow(client: Pick<KubeClient, 'get'>, { namespace, name, uid }: Pick<Pod, 'namespace' | 'name' | 'uid'>): Promise<Pod | undefined> {
  try {
    const pod = podOf(await client.get(podsOf(namespace), name, { timeout: CALL_TIMEOUT }));
    return pod?.uid === uid ? pod : undefined;
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}
