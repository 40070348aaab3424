import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { EnvironmentError, helpText, readEnvironment, type Config } from './config';
import { createLogger, standardOutput } from './log';
import { commonOf, openRole, type OpenRole, type Role, type RoleTable } from './role';
import { PLATFORM_GRACE_SECONDS } from '../../../src/protocol/limits';

export type { OpenRole, Role, RoleContext, RoleServer, StartedRole } from './role';

/** Signals that tell of a defect, and the end of an idle loop; Node cannot go on after most of them. */
const NOT_FOR_US = ['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGUSR2', 'beforeExit'] as const;

/** Milliseconds in which a process must be gone: just before it is killed. */
const GONE_BY = (PLATFORM_GRACE_SECONDS - 2) * 1000;

/** Milliseconds that the last lines of the log may take. */
const LAST_LINES = 500;

/**
 * The whole life of a process that is one role: arguments, environment, start, signals, end.
 * A role's `main.ts` calls it and does nothing else with the process.
 */
export async function runRole<Table extends RoleTable>(role: Role<Table>): Promise<void> {
  const config = configOf(role, process.argv.slice(2));
  if (config === undefined) return;
  const { log, exit } = openLog(role.role, config);

  // Handlers are there before anything starts, so that no signal and no error is lost.
  let open: Promise<OpenRole> | undefined;
  closeWithGrace({
    delay: GONE_BY,
    logger: false,
    skip: [...NOT_FOR_US],
    onTimeout: () => log.fatal('some answers are still open; giving up'),
  }, async ({ err, signal }) => {
    if (err !== undefined) {
      log.fatal({ err }, 'uncaught error');
      return exit(1);
    }
    log.info({ signal }, 'closing');
    await (await open)?.close();
    log.info('closed');
    return exit(0);
  });

  try {
    open = openRole(role, config, log, (milliseconds) => sleep(milliseconds));
    log.info({ listen: (await open).addresses }, 'ready');
  } catch (err) {
    log.fatal({ err }, 'the start failed');
    await exit(1);
  }
}

/** The checked environment; undefined when the process has only something to say. */
function configOf<Table extends RoleTable>({ role, table, check }: Role<Table>, args: readonly string[]): Config<Table> | undefined {
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

function openLog(role: string, config: Config<RoleTable>) {
  const destination = standardOutput();
  const log = createLogger({ role, level: commonOf(config).LOG_LEVEL ?? 'info', destination });
  const exit = async (code: number): Promise<void> => {
    // Nobody may be reading any more.
    await Promise.race([new Promise((written) => destination.once('close', written).end()), sleep(LAST_LINES)]);
    process.exit(code);
  };
  return { log, exit };
}
