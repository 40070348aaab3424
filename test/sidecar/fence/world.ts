import type { Dial, Dialed } from '../../../sidecar/src/fence/dial';
import { FenceDeps, Waited, waitForFence } from '../../../sidecar/src/fence/fence';

export const HOST = '10.96.0.9';
export const URL_OF_PROXY = `http://${HOST}:15001`;
export const ANSWERS: Dialed = { kind: 'answers', because: 'it accepts connections' };
export const SILENT: Dialed = { kind: 'stopped', because: 'no answer within 1.5 s' };
export const REFUSES: Dialed = { kind: 'failed', because: 'the other end refuses, so packets get there' };

/** Milliseconds that silence takes. */
const PATIENCE = 1500;

/** What of the cluster is there at a time, in milliseconds. */
export interface Cluster {
  readonly url?: (now: number) => string | undefined;
  readonly proxy?: (now: number) => Dialed;
  readonly fence?: (now: number) => Dialed;
}

export interface Watched extends Waited {
  readonly took: number;
  /** Ports in the order they were tried. */
  readonly tried: readonly string[];
}

/** Waits in a cluster where time passes only with sleep and silence. */
export async function waited({ url = () => URL_OF_PROXY, proxy = () => ANSWERS, fence = () => SILENT }: Cluster): Promise<Watched> {
  let now = 0;
  const tried: string[] = [];
  const dial: Dial = async (host, port) => {
    tried.push(`${host} ${port}`);
    const dialed = (port === 15001 ? proxy : fence)(now);
    if (dialed.kind === 'stopped') now += PATIENCE;
    return dialed;
  };
  const deps: FenceDeps = { proxyUrl: () => url(now), dial, now: () => now, sleep: async (milliseconds) => { now += milliseconds; } };
  const result = await waitForFence(deps);
  return { ...result, took: now, tried };
}
