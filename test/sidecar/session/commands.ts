import { openSync, readdirSync, readFileSync } from 'node:fs';
import { describeHelper, useHelper } from './helper-program';
import { Directory, FOLDER } from '../../../sidecar/src/session/directory';
import { HelperProcesses } from '../../../sidecar/src/session/native/helper-processes';
import { NodeProcesses } from '../../../sidecar/src/session/node-processes';
import { After, Command, CommandEnd, OutputSource, Processes, RunningCommand } from '../../../sidecar/src/session/processes';
import { tempFolder } from '../../helpers/temp-folder';

/** A block of tests that holds for both ways to start commands, also with timers of the test. */
export function describeProcesses(tests: (processes: () => Processes, timed: (timer: After) => Processes) => void): void {
  describeHelper('through the helper', () => {
    const helper = useHelper();
    tests(() => helper.current.processes, (timer) => new HelperProcesses(helper.current.connection, timer));
  });
  describe("by Node's own means", () => {
    const processes = new NodeProcesses();
    tests(() => processes, (timer) => new NodeProcesses(timer));
  });
}

const folder = tempFolder();

/** The working directory of commands that name none. */
export const DIRECTORY = new Directory(openSync(folder, FOLDER));
export const FOLDER_PATH = folder;
afterAll(() => DIRECTORY.close());

export const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' };

/** A command as the daemon would give it, with what it wrote. */
export function start(processes: Processes, argv: readonly string[], more: Partial<Command> = {}) {
  const output: Record<OutputSource, Buffer[]> = { stdout: [], stderr: [] };
  const running: RunningCommand = processes.spawn({
    argv, env: ENV, directory: DIRECTORY, maxOutput: 1024 * 1024, onOutput: (source, bytes) => void output[source].push(bytes), ...more,
  });
  const text = (source: OutputSource): string => Buffer.concat(output[source]).toString();
  return { running, ended: running.ended, text, output };
}

/** A command to its end, with all that it wrote. */
export async function run(
  processes: Processes, argv: readonly string[], more: Partial<Command> = {},
): Promise<CommandEnd & Record<OutputSource, string>> {
  const command = start(processes, argv, more);
  const end = await command.ended;
  return { ...end, stdout: command.text('stdout'), stderr: command.text('stderr') };
}

export function sh(processes: Processes, script: string, more: Partial<Command> = {}) {
  return run(processes, ['sh', '-c', script], more);
}

/** Processes that live and have the text among their arguments. */
export function living(argument: string): readonly number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const state = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '')[0];
      return state !== 'Z' && readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(argument);
    } catch {
      return false;
    }
  });
}

let counter = 0;

/** Seconds for `sleep` that no other test uses, so that it is found among all processes. */
export function longSleep(): string {
  counter += 1;
  return `${3000 + counter}.${process.pid}`;
}
