import { KubeError } from '../../kube/kube-error';
import type { Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';
import type { Again } from '../operator-deps';

export interface WorkQueueOptions {
  /** Does what there is to do for a key. Rejects when it has to be tried again. */
  readonly work: (key: string) => Promise<Again>;
  /** Keys that are worked on at the same time. */
  readonly workers: number;
  /** Milliseconds from any beginning. */
  readonly clock: Clock;
  readonly after: After;
  /**
   * Runs something in the next turn of the event loop.
   *
   * @default setImmediate
   */
  readonly turn?: (run: () => void) => void;
  readonly random: () => number;
  /** Told of each attempt that failed, and how many have in a row. */
  readonly failed: (key: string, reason: unknown, failures: number) => void;
}

/** Milliseconds. */
const FIRST_BOUND = 1_000;
const LAST_BOUND = 60_000;

/** Longest time that a timer is given: one of more than 24 days would end at once. Who is early finds nothing to do, and waits on. */
const LONGEST_TIMER = 24 * 60 * 60 * 1000;

interface Timer {
  readonly at: number;
  readonly cancel: () => void;
}

/** Work that is under way. */
interface Job {
  /** Whether the key is to come again at once. */
  again: boolean;
  ended: Promise<void>;
}

/**
 * Keys of what has to be worked on, each once. A key is never worked on twice at the same time; one that is added meanwhile
 * comes again after that, behind those that wait already.
 */
export class WorkQueue {
  /** Since when each waits, in the order in which they came. */
  private readonly waiting = new Map<string, number>();
  private readonly running = new Map<string, Job>();
  private readonly timers = new Map<string, Timer>();
  private readonly failures = new Map<string, number>();
  private started = false;
  /** Whether the next turn begins with a key. */
  private isTurnAsked = false;

  constructor(private readonly options: WorkQueueOptions) {}

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.waiting.size;
  }

  /** Milliseconds for which the first of them has waited; 0 when there is none, and while the queue rests. */
  get oldestAge(): number {
    const [first] = this.waiting.values();
    return first === undefined || !this.started ? 0 : Math.max(0, this.options.clock() - first);
  }

  /** Works on the key soon, also while the queue rests; a key that has failed does not wait any longer. */
  add(key: string): void {
    this.cancelTimer(key);
    const job = this.running.get(key);
    if (job !== undefined) {
      job.again = true;
      return;
    }
    if (!this.waiting.has(key)) this.waiting.set(key, this.options.clock());
    this.next();
  }

  /** Works on the key after so many milliseconds at the latest. */
  addAfter(key: string, milliseconds: number): void {
    if (this.waiting.has(key)) return;
    const delay = Math.min(Math.max(0, milliseconds), LONGEST_TIMER);
    const at = this.options.clock() + delay;
    if ((this.timers.get(key)?.at ?? Infinity) <= at) return;
    this.cancelTimer(key);
    const cancel = this.options.after(delay, () => this.add(key));
    this.timers.set(key, { at, cancel });
  }

  start(): void {
    this.started = true;
    this.next();
  }

  /** Begins nothing more; resolves when what runs has ended. Whatever is left waits for another start, what had to wait for its time too. */
  async stop(): Promise<void> {
    this.started = false;
    this.timers.forEach((_, key) => this.add(key));
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
  }

  /** Work that waits for nothing ends in the turn in which it begins: of many keys at once, none would let timers and connections have theirs. */
  private next(): void {
    if (this.isTurnAsked || this.first() === undefined) return;
    this.isTurnAsked = true;
    const { turn = setImmediate } = this.options;
    turn(() => {
      this.isTurnAsked = false;
      this.begin();
      this.next();
    });
  }

  /** The key that may begin. */
  private first(): string | undefined {
    if (!this.started || this.running.size >= this.options.workers) return undefined;
    const [key] = this.waiting.keys();
    return key;
  }

  private begin(): void {
    const key = this.first();
    if (key === undefined) return;
    this.waiting.delete(key);
    // What the work answers says when the key comes again.
    this.cancelTimer(key);
    const job: Job = { again: false, ended: Promise.resolve() };
    this.running.set(key, job);
    job.ended = this.run(key, job);
  }

  private async run(key: string, job: Job): Promise<void> {
    const again = await this.attempt(key);
    this.running.delete(key);
    if (job.again || (again !== undefined && !this.started)) this.add(key);
    else if (again !== undefined) this.addAfter(key, again);
    this.next();
  }

  private async attempt(key: string): Promise<Again> {
    try {
      const again = await this.options.work(key);
      this.failures.delete(key);
      return again;
    } catch (error) {
      const failures = (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, failures);
      this.options.failed(key, error, failures);
      return Math.max(this.backOff(failures), error instanceof KubeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0);
    }
  }

  /** From 500 milliseconds to a minute; the upper half of a bound that doubles, so that many keys which failed together do not come together. */
  private backOff(failures: number): number {
    const bound = Math.min(LAST_BOUND, FIRST_BOUND * 2 ** Math.min(failures - 1, 16));
    return Math.floor(bound / 2 * (1 + this.options.random()));
  }

  private cancelTimer(key: string): void {
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
  }
}
