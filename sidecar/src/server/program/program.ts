import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError, helpText, readEnvironment, type Config, type ConfigCheck } from './config';
import type { EnvTable } from '../../../../src/protocol/env';
import { createLogger, standardOutput, type Logger, type LogLevel } from '../telemetry/log';

/** A program of the image, as far as its environment goes. */
export interface Program<Table extends EnvTable> {
  readonly role: string;
  readonly table: Table;
  /** Rules over several variables. */
  readonly check?: ConfigCheck<Table>;
}

/** Milliseconds that the last lines of the log may take. */
const LAST_LINES = 500;

/** The checked environment; undefined when the process has only something to say. */
export function configOf<Table extends EnvTable>({ role, table, check }: Program<Table>, args: readonly string[]): Config<Table> | undefined {
  if (args.includes('--help')) {
    process.stdout.write(helpText(role, table));
    return undefined;
  }
  try {
    if (args.length > 0) throw new EnvironmentError([`there are no arguments, got ${JSON.stringify(args[0])}`]);
    return readEnvironment(table, process.env, check);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(`${role}: ${error.message}\n--help tells what can be set\n`);
    process.exitCode = 1;
    return undefined;
  }
}

export interface OpenLog {
  readonly log: Logger;
  /** Ends the process once the log is written. */
  exit(code: number): Promise<void>;
}

export function openLog(role: string, level: LogLevel = 'info'): OpenLog {
  const destination = standardOutput();
  const log = createLogger({ role, level, destination });
  const exit = async (code: number): Promise<void> => {
    // Nobody may be reading any more.
    await Promise.race([new Promise((written) => destination.once('close', written).end()), sleep(LAST_LINES)]);
    process.exit(code);
  };
  return { log, exit };
}
