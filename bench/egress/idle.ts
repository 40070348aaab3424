import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLIENT_ADDRESSES } from './documents';
import type { Loaded } from './load';
import type { RunClient } from './servers';
import { idleTls, idleTunnel } from './works';
import { usageOf } from '../broker/usage';

/** Bytes of memory that 1,000 connections take in which nothing happens. */
export interface IdleMemory {
  readonly tunnels: number;
  readonly tls: number;
}

/** Opened first: what the process needs once it does not need again. */
const FIRST = 300;
const COUNT = 1000;
const AT_A_TIME = 10;

/** Milliseconds until an upstream's connection that is not used is closed, and some more for what is collected then. */
const CALM_MS = 6_000;

/** The processes must be fresh, so that what others have left behind is not taken for memory that is free. */
export async function idleMemory(loaded: Loaded, clients: readonly RunClient[], hello: Buffer): Promise<IdleMemory> {
  return {
    tunnels: await grown(loaded, (index) => idleTunnel(loaded.way, clients[index % clients.length], hello, addressOf(index))),
    tls: await grown(loaded, (index) => idleTls(loaded.way, clients[index % clients.length], addressOf(index))),
  };
}

async function grown({ child }: Loaded, open: (index: number) => Promise<Socket>): Promise<number> {
  const sockets: Socket[] = [];
  const openTo = async (count: number): Promise<number> => {
    while (sockets.length < count) sockets.push(...await Promise.all(Array.from({ length: AT_A_TIME }, (_, at) => open(sockets.length + at))));
    await sleep(CALM_MS);
    return (await usageOf(child)).rssBytes;
  };
  const before = await openTo(FIRST);
  const after = await openTo(FIRST + COUNT);
  sockets.forEach((socket) => socket.destroy());
  await sleep(CALM_MS);
  return after - before;
}

function addressOf(index: number): string {
  return CLIENT_ADDRESSES[index % CLIENT_ADDRESSES.length];
}
