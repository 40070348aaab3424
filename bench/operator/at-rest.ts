import { atOnce, Cluster, objectsIn, runNamed } from './cluster';
import { Counted, settled } from './metrics';
import { heapOf, Operator } from './servers';
import { OPERATOR_MANAGER } from '../../src/protocol/runs';
import { endServer } from '../broker/servers';
import { usageOf } from '../broker/usage';

/** An operator that has just been started. Times in milliseconds. */
export interface Restart {
  readonly readyMs: number;
  /** Until everything that is there was worked on once, from when it was ready. */
  readonly settledMs: number;
  readonly counted: Counted;
  /** From its start until it was ready, and from then until it had settled. */
  readonly cpuMicros: { readonly toReady: number; readonly toSettled: number };
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** In which a bare client reads the same runs, page by page. */
  readonly listMs: number;
}

const PAGE = 250;

/** Ends the operator that is started, once it was looked at. */
export async function restart({ admin }: Cluster, namespace: string, starting: () => Promise<Operator>): Promise<Restart> {
  const listMs = await listed(admin, namespace);
  const operator = await starting();
  const ready = performance.now();
  const { cpuMicros: toReady } = await usageOf(operator.child);
  const counted = await settled(operator);
  const settledMs = performance.now() - ready;
  const { cpuMicros, rssBytes } = await usageOf(operator.child);
  const heapBytes = await heapOf(operator);
  await endServer(operator);
  return { readyMs: operator.readyMs, settledMs, counted, cpuMicros: { toReady, toSettled: cpuMicros - toReady }, rssBytes, heapBytes, listMs };
}

/** Runs that are over, as the operator leaves them, from the one on that has the number `from`. */
export async function makeFinished({ admin, account }: Cluster, namespace: string, model: object, from: number, to: number): Promise<void> {
  const runs = objectsIn(namespace, 'harnessruns');
  const names = Array.from({ length: to - from }, (_, index) => `over-${String(from + index).padStart(5, '0')}`);
  await atOnce(16, names, async (name) => {
    const { apiVersion, kind, metadata: { uid } } = await admin.create(runs, runNamed(namespace, name));
    const object = { apiVersion, kind, metadata: { name, namespace, uid }, status: model };
    await account.apply(runs, object, { fieldManager: OPERATOR_MANAGER, subresource: 'status' });
  });
}

async function listed(client: Cluster['admin'], namespace: string): Promise<number> {
  const start = performance.now();
  let next: string | undefined;
  do next = (await client.list(objectsIn(namespace, 'harnessruns'), { limit: PAGE, continue: next })).continue;
  while (next !== undefined);
  return performance.now() - start;
}
