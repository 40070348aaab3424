import { STARTING_MS } from '../../../../src/protocol/session-work';
import { refuse } from '../refuse';
import { Release, Turns } from '../turns';
import type { Work } from '../work-deps';

/**
 * Bounds the commands that run, in the order in which they come. Fewer may start at the same time: a burst of starts
 * would take the processor away from everything else.
 */
export class Admission {
  private readonly running: Turns;
  private readonly starting: Turns;

  constructor(private readonly work: Work) {
    const { maxCommands, maxWaitingCommands, maxStartingCommands } = work.limits;
    this.running = new Turns(maxCommands, maxWaitingCommands);
    this.starting = new Turns(maxStartingCommands, maxCommands);
  }

  /** Waits for a place; the answer leaves it. */
  async enter(gone: AbortSignal): Promise<Release> {
    const running = this.running.take(1, gone);
    if (running === undefined) throw refuse('TOO_MANY_COMMANDS', 'as many commands run and wait as may', { retryAfterSeconds: 1 });
    const leave = await running;
    try {
      const started = await this.starting.take(1, gone)!;
      const stopTimer = this.work.timer(STARTING_MS, started);
      return () => {
        stopTimer();
        started();
        leave();
      };
    } catch (error) {
      leave();
      throw error;
    }
  }
}
