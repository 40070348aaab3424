import { backOff } from '../../kube/back-off';
import type { After } from '../../server/time/timers';

/** What a pool keeps: a worker, as far as the pool is concerned. */
export interface Warm {
  /** Resolves when it has ended, by itself or not. */
  readonly ended: Promise<void>;
  end(): Promise<void>;
}

export interface WarmPoolDeps<W extends Warm> {
  readonly start: () => Promise<W>;
  readonly after: After;
  readonly random: () => number;
  /** Told why one is missing, or does not end. */
  readonly failed: (reason: unknown) => void;
}

interface Waiter<W> {
  readonly take: (worker: W) => void;
  readonly refuse: (reason: unknown) => void;
}

/** Starts at the same time: more would slow each other down. */
const STARTS_AT_ONCE = 4;

/** Failures in a row from which on chance is no excuse. */
const MANY_FAILURES = 3;

/** So many workers that wait to be taken, and everybody who waits for one, in order. */
export class WarmPool<W extends Warm> {
  private readonly warm: W[] = [];
  private readonly waiters: Waiter<W>[] = [];
  private readonly starting = new Set<Promise<void>>();
  private replicas = 0;
  private failures = 0;
  private stopResting: (() => void) | undefined;
  private closed = false;

  constructor(private readonly deps: WarmPoolDeps<W>) {}

  /** Whether workers fail to start over and over, and there is none. */
  get isFailing(): boolean {
    return this.failures >= MANY_FAILURES && this.warm.length === 0;
  }

  resize(replicas: number): void {
    this.replicas = replicas;
    this.warm.splice(replicas).forEach((surplus) => this.discard(surplus));
    this.fill();
  }

  /** The worker that has been ready for longest, or the next one. Rejects with the reason of the signal. */
  take(signal: AbortSignal): Promise<W> {
    const ready = this.warm.shift();
    const taken = ready === undefined ? this.wait(signal) : Promise.resolve(ready);
    if (ready !== undefined) this.failures = 0;
    this.fill();
    return taken;
  }

  /** Whoever waits is refused for the reason. */
  async close(reason: unknown): Promise<void> {
    this.closed = true;
    this.stopResting?.();
    this.waiters.splice(0).forEach(({ refuse }) => refuse(reason));
    await Promise.all([...this.warm.splice(0).map((worker) => this.discard(worker)), ...this.starting]);
  }

  private wait(signal: AbortSignal): Promise<W> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter<W> = {
        take: (worker) => {
          signal.removeEventListener('abort', leave);
          resolve(worker);
        },
        refuse: (reason) => {
          signal.removeEventListener('abort', leave);
          reject(reason);
        },
      };
      this.waiters.push(waiter);
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }

  private fill(): void {
    if (this.closed || this.stopResting !== undefined) return;
    const missing = this.replicas + this.waiters.length - this.warm.length - this.starting.size;
    for (let more = Math.min(missing, STARTS_AT_ONCE - this.starting.size); more > 0; more -= 1) {
      const started: Promise<void> = this.deps.start().then((worker) => {
        this.starting.delete(started);
        return this.arrived(worker);
      }, (error: unknown) => {
        this.starting.delete(started);
        this.missed(error);
      });
      this.starting.add(started);
    }
  }

  private async arrived(worker: W): Promise<void> {
    const waiter = this.waiters.shift();
    if (waiter !== undefined) {
      this.failures = 0;
      waiter.take(worker);
      this.fill();
    } else if (this.closed || this.warm.length >= this.replicas) {
      await this.discard(worker);
    } else {
      this.warm.push(worker);
      this.fill();
      void worker.ended.then(() => this.lost(worker));
    }
  }

  /** A worker has ended before anybody took it. */
  private lost(worker: W): void {
    const at = this.warm.indexOf(worker);
    if (at < 0) return;
    this.warm.splice(at, 1);
    void this.discard(worker);
    this.missed(new Error('a warm session daemon ended'));
  }

  private discard(worker: W): Promise<void> {
    return worker.end().catch(this.deps.failed);
  }

  private missed(reason: unknown): void {
    if (this.closed) return;
    this.failures += 1;
    this.deps.failed(reason);
    this.stopResting?.();
    this.stopResting = this.deps.after(backOff(this.failures, this.deps.random), () => {
      this.stopResting = undefined;
      this.fill();
    });
  }
}
