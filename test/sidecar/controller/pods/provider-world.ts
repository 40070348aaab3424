import { NAMESPACE, PodServer, T0 } from './pod-server';
import { PodsProvider, PodsProviderOptions } from '../../../../sidecar/src/controller/pods/pods-provider';
import { Claim, ProviderError } from '../../../../sidecar/src/controller/worker-provider';
import type { PoolEntry } from '../../../../src/protocol/session-pools';
import { settle } from '../../kube/watched-server';

export const SMALL: PoolEntry = { namespace: NAMESPACE, name: 'small', maxSessionSeconds: 3600, idleSeconds: 60 };
export const LARGE: PoolEntry = { ...SMALL, name: 'large' };

export const HOUR = 60 * 60 * 1000;

/** A replica of the controller, and what the test says of its time. */
export interface World {
  readonly provider: PodsProvider;
  readonly time: { now: number; steady: number };
  readonly interruptions: unknown[];
  /** Lets the time run out of all who wait for a worker. */
  readonly runOut: () => Promise<void>;
}

const open: PodsProvider[] = [];

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((provider) => provider.close()));
}

export async function replicaOf(server: PodServer, more: Partial<PodsProviderOptions> = {}): Promise<World> {
  const time = { now: T0 + HOUR, steady: 7 };
  const timers = new Set<() => void>();
  const interruptions: unknown[] = [];
  const provider = new PodsProvider({
    client: server.client,
    pools: () => [SMALL],
    longestWait: 10_000,
    clock: () => time.now,
    steady: () => time.steady,
    random: () => 0,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
    after: (_milliseconds, run) => {
      timers.add(run);
      return () => timers.delete(run);
    },
    interrupted: (_namespace, reason) => interruptions.push(reason),
    ...more,
  });
  open.push(provider);
  await settle();
  const runOut = async () => {
    await settle();
    timers.forEach((run) => run());
  };
  return { provider, time, interruptions, runOut };
}

export function claimFor(sessionId: string, more: Partial<Claim> = {}): Claim {
  return { sessionId, deadline: T0 + 9 * HOUR, signal: new AbortController().signal, ...more };
}

/** Name of the pod that was claimed, or the code of the failure. */
export async function outcomeOf(claim: Promise<{ readonly worker: { readonly podName: string } }>): Promise<string> {
  return claim.then(({ worker }) => worker.podName, (error: unknown) => {
    if (!(error instanceof ProviderError)) throw error;
    return error.code;
  });
}
