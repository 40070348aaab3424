import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { configOf, openLog } from './program';
import { commonOf, openRole, type OpenRole, type Role, type RoleTable } from './role';
import { PLATFORM_GRACE_SECONDS } from '../../../../src/protocol/limits';

export type { OpenRole, Role, RoleContext, RoleServer, StartedRole } from './role';

/** Signals that tell of a defect, and the end of an idle loop; Node cannot go on after most of them. */
const NOT_FOR_US = ['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGUSR2', 'beforeExit'] as const;

/** Milliseconds in which a process must be gone: just before it is killed. */
const GONE_BY = (PLATFORM_GRACE_SECONDS - 2) * 1000;

/**
 * The whole life of a process that is one role: arguments, environment, start, signals, end.
 * A role's `main.ts` calls it and does nothing else with the process.
 */
export async function runRole<Table extends RoleTable>(role: Role<Table>): Promise<void> {
  const config = configOf(role, process.argv.slice(2));
  if (config === undefined) return;
  const { log, exit } = openLog(role.role, commonOf(config).LOG_LEVEL);

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
