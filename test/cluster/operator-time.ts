import { eventually } from './api-server';
import type { Clock } from '../../sidecar/src/server/time/clock';
import { after, After } from '../../sidecar/src/server/time/timers';

interface Waiting {
  readonly due: number;
  readonly run: () => void;
  readonly cancel: () => void;
}

/** The time of the machine, some of which can be skipped: what was to be done meanwhile is done at once. Connections do not notice. */
export class SkippableTime {
  private skipped = 0;
  private readonly waiting = new Set<Waiting>();

  public readonly clock: Clock = () => Date.now() + this.skipped;

  public readonly after: After = (milliseconds, run) => {
    const ended = (): void => {
      this.waiting.delete(timer);
      timer.cancel();
    };
    const once = (): void => {
      ended();
      run();
    };
    const timer: Waiting = { due: this.clock() + milliseconds, run: once, cancel: after(milliseconds, once) };
    this.waiting.add(timer);
    return ended;
  };

  public skip(seconds: number): void {
    this.skipped += seconds * 1000;
    for (const timer of [...this.waiting].filter(({ due }) => due <= this.clock())) timer.run();
  }

  /** Skips what is left until so many seconds before a moment, in milliseconds since 1970: whatever has gone by already counts. */
  public skipToBefore(moment: number, seconds: number): void {
    this.skip(Math.max(0, (moment - this.clock()) / 1000 - seconds));
  }

  /**
   * Tries until the check holds, with so many seconds from one look to the next. For what stays so: whoever is slow to work is slow to
   * be seen, and time goes on.
   */
  public async passes<T>(seconds: number, look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
    return eventually(async () => {
      this.skip(seconds);
      return look();
    }, holds);
  }
}
