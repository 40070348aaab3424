import { readdir, unlink } from 'node:fs/promises';
import { connect, createServer, Server } from 'node:net';
import { join } from 'node:path';

/** Holds a folder for this process until it is released or the process ends, however it ends. */
export interface FolderLock {
  release(): Promise<void>;
}

/** Longest path of a socket on any system that the brokers run on. */
const MAX_SOCKET_PATH = 103;

const LOCK = /^lock-(\d{1,9})\.sock$/;

/**
 * Takes a folder, or rejects when another process has it. The lock is a socket that this process listens on: the
 * kernel closes it with the process, so a kill leaves nothing that has to be judged stale, and it tells across
 * PID namespaces, where the number of a process in another container means nothing.
 *
 * Locks are numbered. A dead lock is passed by taking the number after it, which only one process gets, never by
 * removing it first, which two could do at once, each removing what the other had just taken.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = (number: number): string => join(folder, `lock-${number}.sock`);
  if (Buffer.byteLength(path(999_999_999)) > MAX_SOCKET_PATH) throw new Error(`the path of the audit folder ${folder} is too long for its lock`);
  const seen = await locksOf(folder);
  await refuseHeld(folder, seen);
  const mine = Math.max(0, ...seen) + 1;
  const server = await listen(path(mine)).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? held(folder) : error;
  });
  try {
    // Others may have come between the look and the taking. All look again after they took theirs, so at least one sees the other.
    const others = (await locksOf(folder)).filter((number) => number !== mine);
    await refuseHeld(folder, others);
    for (const number of others) await unlink(path(number)).catch(() => undefined);
  } catch (error) {
    await close(server);
    throw error;
  }
  return { release: () => close(server) };
}

async function refuseHeld(folder: string, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    if (await isHeld(join(folder, `lock-${number}.sock`))) throw held(folder);
  }
}

function held(folder: string): Error {
  return new Error(`another broker has the audit folder ${folder}: two must not write one log`);
}

async function locksOf(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => LOCK.exec(name)?.[1] ?? []).map(Number);
}

/** Whether somebody listens. Anything but a plain no counts as yes: two writers are worse than none. */
function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
