import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { recordOf } from './registered';
import type { Places } from './servers';
import { OpenStore, openStore } from '../../sidecar/src/store/open-store';
import type { SessionStore } from '../../sidecar/src/store/store';
import { parseStoreUrl } from '../../sidecar/src/store/store-url';
import type { Server } from '../broker/servers';

/** Operations in a second, or sessions where an operation is about many. */
export interface StoreRate {
  readonly name: string;
  readonly perSecond: number;
}

const AT_ONCE = 50;

/** Sessions in an operation about many. Those who touch and list do one such at a time. */
const BATCH = 100;

/** Sessions that the store holds while it is measured. */
const SESSIONS = 2_000;

/** The store, once it answers. */
export async function openBenchStore({ url }: Server): Promise<OpenStore> {
  const opened = openStore(parseStoreUrl(url), { clock: Date.now });
  for (let attempt = 0; attempt < 100 && opened.problem() !== undefined; attempt++) await sleep(50);
  return opened;
}

/** Each operation over as many sessions; the first row is what a round trip costs that does nothing. */
export async function storeRates(server: Server, store: SessionStore, places: Places): Promise<readonly StoreRate[]> {
  const client = await createClient({ url: server.url }).connect();
  const record = recordOf(places, 1);
  const ids = Array.from({ length: SESSIONS }, (_, at) => `store-${at}`);
  const records = ids.map(record);
  // What has not run before is slow.
  await rate('warm-up', SESSIONS, () => client.ping());
  await rate('warm-up', SESSIONS, (at) => store.get(ids[at]));
  const rates = [
    await rate('ping', SESSIONS, () => client.ping()),
    await rate('put, new', SESSIONS, (at) => store.put(records[at], 0)),
    await rate('get', SESSIONS, (at) => store.get(ids[at])),
    await rate('put, again', SESSIONS, (at) => store.put(records[at], 1)),
    await inBatches('touch, one of 100', (at) => store.touch(new Map(ids.slice(at, at + BATCH).map((id) => [id, Date.now()])))),
    await inBatches('list, one of 100', () => store.list({ owner: records[0].owner! }, { limit: BATCH })),
    await rate('remove', SESSIONS, (at) => store.remove(ids[at])),
  ];
  await client.close();
  return rates;
}

async function inBatches(name: string, work: (at: number) => Promise<unknown>): Promise<StoreRate> {
  const { perSecond } = await rate(name, SESSIONS / 10, work, 1);
  return { name, perSecond: perSecond * BATCH };
}

async function rate(name: string, count: number, work: (at: number) => Promise<unknown>, atOnce = AT_ONCE): Promise<StoreRate> {
  let next = 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await work(next++);
  }));
  return { name, perSecond: count / ((performance.now() - start) / 1000) };
}
