import type { Dial } from './dial';
import { advanced, failureOf, Finding, goesOnLate, holds, NEEDED, START } from './progress';
import { proxyHost } from './proxy-host';
import { FENCE_SECONDS } from '../../../src/protocol/limits';
import { PORTS } from '../../../src/protocol/ports';

/** What the wait needs of the world. */
export interface FenceDeps {
  /** The URL of the proxy as it is published now; undefined while it is not. */
  readonly proxyUrl: () => string | undefined;
  readonly dial: Dial;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** How the wait ended, and that in words. */
export interface Waited {
  readonly holds: boolean;
  readonly message: string;
}

/** Milliseconds between two rounds. */
const PAUSE = 500;

/**
 * Waits until the NetworkPolicy of the pod holds. The egress proxy listens on the port of the fence and its policy lets
 * agents in there, so that nothing but the policy of the pod itself can keep packets from it.
 */
export async function waitForFence({ now, sleep, ...world }: FenceDeps): Promise<Waited> {
  const begun = now();
  for (let progress = START; ;) {
    progress = advanced(progress, await round(world));
    if (holds(progress)) return { holds: true, message: `closed ${NEEDED} times after ${Math.round((now() - begun) / 1000)} s` };
    if (now() - begun >= FENCE_SECONDS * 1000 && !goesOnLate(progress)) return { holds: false, message: failureOf(progress, FENCE_SECONDS) };
    await sleep(PAUSE);
  }
}

async function round({ proxyUrl, dial }: Pick<FenceDeps, 'proxyUrl' | 'dial'>): Promise<Finding> {
  const url = proxyUrl();
  if (url === undefined) return { kind: 'no-address', because: 'proxy-url is not published' };
  const host = hostOf(url);
  if (typeof host !== 'string') return host;
  const before = await proxyProblem(host, dial);
  if (before !== undefined) return before;
  const fence = await dial(host, PORTS['egress-fence']);
  const after = await proxyProblem(host, dial);
  if (after !== undefined) return after;
  if (fence.kind === 'stopped') return { kind: 'closed', host };
  return { kind: 'open', host, because: `${host} TCP ${PORTS['egress-fence']}: ${fence.because}` };
}

function hostOf(url: string): string | Finding {
  try {
    return proxyHost(url);
  } catch (error) {
    return { kind: 'no-address', because: (error as Error).message };
  }
}

async function proxyProblem(host: string, dial: Dial): Promise<Finding | undefined> {
  const { kind, because } = await dial(host, PORTS['egress-proxy']);
  return kind === 'answers' ? undefined : { kind: 'no-proxy', host, because };
}
