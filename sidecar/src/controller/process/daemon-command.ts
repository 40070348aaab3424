import { accessSync, constants } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { SESSION_ENV } from '../../../../src/protocol/env';

/** What is started for a worker. */
export interface DaemonProgram {
  /** Absolute path of the bundled session daemon. */
  readonly program: string;
  /**
   * Starts the daemon and leaves no command behind when that ends.
   * @default - the daemon starts commands by Node's own means
   */
  readonly helper?: string;
}

/** Where the helper lies: beside the daemon, or where the image has it. */
const HELPER_PLACES = ['session-helper', join('bin', 'session-helper')] as const;

/** The daemon at a path, with its helper when there is one. Throws when there is no daemon. */
export function daemonAt(path: string): DaemonProgram {
  const program = resolve(path);
  if (!isThere(program, constants.R_OK)) throw new Error(`the session daemon ${program} cannot be read; SESSION_PROGRAM names another one`);
  const helper = HELPER_PLACES.map((place) => join(dirname(program), place)).find((file) => isThere(file, constants.X_OK));
  return { program, ...(helper === undefined ? {} : { helper }) };
}

function isThere(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** A worker as its daemon is told about it. */
export interface DaemonSettings {
  /** Absolute. Home directory and place of everything that the session does, so it is also what its processes are known by. */
  readonly workspace: string;
  readonly podUid: string;
  /** Folder with the keys that sign init tokens. */
  readonly trustDir: string;
}

export interface DaemonCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** All of it: nothing of the controller's own environment is in it. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The other end of its standard input is the controller's: it closes with the controller, however that ends. An orderly
 * exit would wait for ever to write the last lines of the log, which nobody reads any more.
 */
const END_WITH_CONTROLLER = "data:text/javascript,process.stdin.on('close',()=>process.kill(process.pid,'SIGKILL')).resume()";

export function daemonCommand({ program, helper }: DaemonProgram, { workspace, podUid, trustDir }: DaemonSettings): DaemonCommand {
  const node = [process.execPath, '--import', END_WITH_CONTROLLER, program];
  const [file, ...args] = helper === undefined ? node : [helper, '--', ...node];
  const env = {
    SESSION_LISTEN: '127.0.0.1:0',
    ADMIN_LISTEN: '127.0.0.1:0',
    SESSION_WORKSPACE: workspace,
    SESSION_REQUIRE_BOOT_ID: 'true',
    POD_UID: podUid,
    AGENT_TRUST_DIR: trustDir,
  } satisfies Partial<Record<keyof typeof SESSION_ENV, string>>;
  return { file, args, env: { ...env, HOME: workspace } };
}
