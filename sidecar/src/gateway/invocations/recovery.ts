import { SESSIONS_ROUTES } from '../../../../src/protocol/sessions-api';
import { ExpiringMap } from '../../server/bounds/lru';
import type { Clock } from '../../server/time/clock';
import type { ControllerClient } from '../controller-client';

/** Milliseconds for which a session counts as recovered: what fails within them is no matter of the daemon. */
const RECOVERED_FOR = 1000;
const MAX_RECOVERED = 10_000;

export interface RecoveryOptions {
  readonly controller: Pick<ControllerClient, 'ask'>;
  readonly clock: Clock;
}

/** Asks the controller to make the worker of a session serve it again, once for everybody who waits. */
export class Recovery {
  private readonly running = new Map<string, Promise<true>>();
  private readonly recovered: ExpiringMap<string, true>;

  constructor(private readonly options: RecoveryOptions) {
    this.recovered = new ExpiringMap({ max: MAX_RECOVERED, clock: options.clock });
  }

  /** Resolves when the session can be tried again, to false when it was recovered a moment ago; rejects with the refusal of the controller. */
  recover(id: string): Promise<boolean> {
    if (this.recovered.get(id) === true) return Promise.resolve(false);
    let running = this.running.get(id);
    if (running === undefined) {
      running = this.ask(id).finally(() => this.running.delete(id));
      this.running.set(id, running);
    }
    return running;
  }

  private async ask(id: string): Promise<true> {
    await this.options.controller.ask({ method: 'POST', path: SESSIONS_ROUTES.recover.replace(':sessionId', id), behalf: 'admin', repeatable: true });
    this.recovered.set(id, true, this.options.clock() + RECOVERED_FOR);
    return true;
  }
}
