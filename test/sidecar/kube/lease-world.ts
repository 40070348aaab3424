import type { CallOptions, KubeObject, Resource } from '../../../sidecar/src/kube/client';
import { KubeError } from '../../../sidecar/src/kube/kube-error';
import { LeaderLease } from '../../../sidecar/src/kube/leader-lease';

/** Time that passes when a test says so. */
export class Time {
  now = 0;
  private timers: { readonly at: number; readonly run: () => void }[] = [];

  later(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.now + milliseconds, run };
    this.timers.push(timer);
    return () => { this.timers = this.timers.filter((one) => one !== timer); };
  }

  /** `between` is called whenever something may have changed. */
  async pass(milliseconds: number, between: () => void = () => undefined): Promise<void> {
    const end = this.now + milliseconds;
    await settled();
    for (;;) {
      between();
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.now = Math.max(this.now, next.at);
      between();
      next.run();
      await settled();
    }
    this.now = end;
    between();
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The way from one candidate to the API server. */
export interface Link {
  /** Nothing arrives. */
  down: boolean;
  /** Requests arrive, answers do not. */
  deaf: boolean;
  /** Milliseconds that a request takes, and an answer too. */
  delay: number;
  refusal?: KubeError;
}

/** One Lease at an API server. */
export class LeaseServer {
  lease: KubeObject = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'controller', resourceVersion: '1', labels: { part: 'sessions' } },
  };
  readonly writes: KubeObject[] = [];

  constructor(private readonly time: Time) {}

  clientOf(link: Link) {
    return {
      get: (_: Resource, _name: string, options?: CallOptions) => this.call(link, options, () => structuredClone(this.lease)),
      update: (_: Resource, object: KubeObject, options?: CallOptions) => this.call(link, options, () => this.replace(object)),
    };
  }

  get spec(): Record<string, unknown> {
    return (this.lease.spec ?? {}) as Record<string, unknown>;
  }

  replace(object: KubeObject): KubeObject {
    if (object.metadata.resourceVersion !== this.lease.metadata.resourceVersion) throw new KubeError('Conflict', 'PUT: 409');
    const resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    this.lease = { ...structuredClone(object), metadata: { ...object.metadata, resourceVersion } };
    this.writes.push(this.lease);
    return this.lease;
  }

  /** What is on its way arrives even if nobody waits for the answer any more. */
  private call(link: Link, { timeout = 10_000, signal }: CallOptions = {}, answer: () => KubeObject): Promise<KubeObject> {
    let over = () => {};
    const answered = new Promise<KubeObject>((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = () => reject(signal?.reason);
      signal?.addEventListener('abort', abort);
      const cancel = this.time.later(timeout, () => reject(new KubeError('Unavailable', 'no answer')));
      over = () => {
        cancel();
        signal?.removeEventListener('abort', abort);
      };
      if (link.down) return;
      const { deaf, delay, refusal } = link;
      this.time.later(delay, () => {
        const outcome = refusal === undefined ? attempt(answer) : () => { throw refusal; };
        if (!deaf) this.time.later(delay, () => { try { resolve(outcome()); } catch (error) { reject(error); } });
      });
    });
    return answered.finally(over);
  }
}

function attempt<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => { throw error; };
  }
}

export interface CandidateOptions {
  readonly identity: string;
  /** What its clock says when that of the test says 0. */
  readonly skew?: number;
  /** How much faster than the test's its clocks are. */
  readonly speed?: number;
  readonly random?: () => number;
}

export class Candidate {
  readonly link: Link = { down: false, deaf: false, delay: 5 };
  readonly failures: unknown[] = [];
  readonly lease: LeaderLease;
  /** What happens while the process stands still happens when it goes on. */
  private frozen: (() => void)[] | undefined;
  private gone = false;

  constructor(server: LeaseServer, time: Time, { identity, skew = 0, speed = 1, random = () => 0.5 }: CandidateOptions) {
    this.lease = new LeaderLease({
      client: server.clientOf(this.link),
      namespace: 'platform',
      name: 'controller',
      identity,
      clock: () => Date.UTC(2026, 0, 1) + skew + time.now * speed,
      steady: () => skew + time.now * speed,
      random,
      wait: (milliseconds, signal) => new Promise((resolve, reject) => {
        const abort = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = time.later(milliseconds / speed, () => this.run(() => {
          signal?.removeEventListener('abort', abort);
          resolve(undefined);
        }));
        signal?.addEventListener('abort', abort);
      }),
      failed: (reason) => this.failures.push(reason),
    });
  }

  freeze(): void {
    this.frozen ??= [];
  }

  thaw(): void {
    const missed = this.frozen ?? [];
    this.frozen = undefined;
    missed.forEach((run) => run());
  }

  /** As by kill -9. */
  kill(): void {
    this.gone = true;
    this.link.down = true;
  }

  leads(): boolean {
    return !this.gone && this.lease.isLeader();
  }

  private run(step: () => void): void {
    if (this.gone) return;
    if (this.frozen === undefined) step();
    else this.frozen.push(step);
  }
}
