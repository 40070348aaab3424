import { HelperCommand } from './helper-command';
import type { HelperConnection } from './helper-connection';
import { After, after, Command, CommandNotStarted, Processes, RunningCommand, whyImpossible } from '../processes';

/** Starts commands through the helper: this process never forks. */
export class HelperProcesses implements Processes {
  readonly means = 'helper';

  constructor(private readonly connection: HelperConnection, private readonly timer: After = after) {}

  spawn(command: Command): RunningCommand {
    const { connection } = this;
    if (connection.gone !== undefined) return refused(connection.gone);
    const reason = whyImpossible(command);
    if (reason !== undefined) return refused(new CommandNotStarted(reason, command.argv[0]));
    const running = new HelperCommand(connection, command, this.timer);
    // More at once than the helper has places for.
    return running.start() ? running : refused(new CommandNotStarted('EAGAIN', command.argv[0]));
  }
}

function refused(error: Error): RunningCommand {
  return { ended: Promise.reject(error), terminate: () => undefined };
}
