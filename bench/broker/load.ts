import autocannon from 'autocannon';
import type { Server } from './servers';
import { usageOf } from './usage';

/** One request that a connection sends over and over, in its turn. */
export type LoadRequest = Required<Pick<autocannon.Request, 'method' | 'path' | 'headers' | 'body'>>;

/** What one run of a load showed. Times in milliseconds. */
export interface Sample {
  readonly perSecond: number;
  readonly cpuMicrosPerRequest: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 2xx, errors and time-outs. */
  readonly failed: number;
}

/** Loads a server; each connection has requests of its own, so that no run is asked about twice at a time. */
export async function load(server: Server, requests: readonly LoadRequest[], connections: number, seconds: number): Promise<Sample> {
  const times: number[] = [];
  const share = shared(requests, connections);
  const setupClient = (client: autocannon.Client): void => {
    share(client);
    client.on('response', (_status, _bytes, time) => times.push(time));
  };
  const before = await usageOf(server.child);
  const result = await autocannon({ url: server.url, connections, duration: seconds, timeout: 5, setupClient });
  const after = await usageOf(server.child);
  times.sort((a, b) => a - b);
  return {
    perSecond: times.length / result.duration,
    cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / times.length,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    failed: failures(result),
  };
}

/** Sends so many requests, whatever time they take. Answers how many failed. */
export async function loadOf({ url }: Server, requests: readonly LoadRequest[], connections: number, amount: number): Promise<number> {
  return failures(await autocannon({ url, connections, amount, timeout: 5, setupClient: shared(requests, connections) }));
}

function shared(requests: readonly LoadRequest[], connections: number): (client: autocannon.Client) => void {
  let next = 0;
  return (client) => {
    const mine = next++;
    client.setRequests(requests.filter((_, index) => index % connections === mine % Math.min(connections, requests.length)));
  };
}

function failures({ non2xx, errors, timeouts }: autocannon.Result): number {
  return non2xx + errors + timeouts;
}

export function median(values: readonly number[]): number {
  return percentile([...values].sort((a, b) => a - b), 0.5);
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}
