import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Hello, HelperConnection } from './helper-connection';
import { HelperFiles } from './helper-files';
import { HelperProcesses } from './helper-processes';
import { Beneath, openBeneath } from '../beneath';
import type { Processes } from '../processes';

/** The helper, ready to serve. */
export interface Helper {
  readonly processes: Processes;
  readonly connection: HelperConnection;
  readonly hello: Hello;
  /**
   * Opens a folder beneath which files are found by the helper, or by a walk where the kernel has no `openat2`.
   *
   * @throws NodeJS.ErrnoException when the folder cannot be opened.
   */
  beneath(folder: string): Beneath;
}

/** A helper that has started this process, and passed it the socket by this number. */
export function inheritHelper(fd: number): Promise<Helper> {
  return open(new Socket({ fd, readable: true, writable: true }));
}

/**
 * Starts a helper. It ends with this process, however that ends, and kills everything that it started.
 *
 * @throws HelperGone when the program cannot be run or is none.
 */
export function startHelper(program: string): Promise<Helper> {
  const child = spawn(program, [], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'], detached: true });
  // Told by the end of the socket too, with the same effect.
  child.on('error', () => undefined);
  child.unref();
  return open(child.stdio[3] as Duplex);
}

async function open(socket: Duplex): Promise<Helper> {
  const { connection, hello } = await HelperConnection.open(socket);
  return {
    connection,
    hello,
    processes: new HelperProcesses(connection),
    beneath: (folder) => (hello.openat2 ? openBeneath(folder, (root) => new HelperFiles(connection, hello.pid, root)) : openBeneath(folder)),
  };
}
