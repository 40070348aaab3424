import { IDLE_TIMEOUT } from '../../../../src/protocol/egress-api';
import type { After } from '../../server/time/timers';

/**
 * Ends an exchange in which no byte has moved, in either direction, for `IDLE_TIMEOUT`. The timer is not set anew for each
 * chunk, so the end comes late by up to as long again.
 */
export class IdleWatch {
  private hasMoved = false;
  private cancel: (() => void) | undefined;

  constructor(private readonly after: After, private readonly end: () => void) {}

  start(): void {
    this.cancel?.();
    this.cancel = this.after(IDLE_TIMEOUT, () => {
      if (!this.hasMoved) return this.end();
      this.hasMoved = false;
      this.start();
    });
  }

  moved(): void {
    this.hasMoved = true;
  }

  stop(): void {
    this.cancel?.();
  }
}
