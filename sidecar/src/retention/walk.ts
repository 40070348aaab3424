import { cutoffOf, Removable, removableIf } from './age';
import { API_GROUP, API_VERSION } from '../../../src/protocol/names';
import { AUDIT_EVENT } from '../../../src/protocol/resources/audit-event';
import { backOff, type Wait } from '../kube/back-off';
import type { KubeClient, Resource } from '../kube/client';
import { hasCode, KubeError } from '../kube/kube-error';
import type { MetadataPage } from '../kube/metadata-page';
import { fewAtOnce } from '../server/bounds/few-at-once';
import type { Clock } from '../server/time/clock';

/** What a walk needs of the world. */
export interface WalkDeps {
  readonly client: Pick<KubeClient, 'listMetadata' | 'delete'>;
  readonly retentionSeconds: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly wait: Wait;
  /** When it aborts, nothing more begins. */
  readonly signal: AbortSignal;
}

/** Events of a page; fewer when their metadata is so large that the page would be too long. */
const PAGE = 500;

/** Removals at the same time: no more than the API server has room for beside what others want of it. */
const AT_ONCE = 8;

/** How often a call is tried that the API server has no time for. */
const ATTEMPTS = 6;

/** Removals that are refused one after the other until no more of the page are tried. */
const MAX_REFUSED = 100;

/** Goes through the audit events of a namespace once, page by page, and removes the old ones. It begins anew with the next process. */
export class Walk {
  removed = 0;
  /** Events that are not old yet. */
  kept = 0;
  failed = 0;
  /** The first reason why something could not be removed. */
  problem: string | undefined;
  isOver = false;

  private readonly resource: Resource;
  private limit = PAGE;
  private next: string | undefined;
  /** Whether the list has just become too old to go on with. */
  private isRenewed = false;
  private refusedInRow = 0;

  constructor(readonly namespace: string, private readonly deps: WalkDeps) {
    this.resource = { group: API_GROUP, version: API_VERSION, plural: AUDIT_EVENT.plural, namespace };
  }

  /** One page. It says by `isOver` whether it was the last; what is not over when the signal has aborted was not finished. */
  async step(): Promise<void> {
    const { client, signal } = this.deps;
    try {
      const page = await this.patiently(() => client.listMetadata(this.resource, { limit: this.limit, continue: this.next }, { signal }));
      this.isRenewed = false;
      await this.removeFrom(page);
      if (page.continue !== undefined && page.continue === this.next) throw new KubeError('Unavailable', 'the list does not go on');
      this.next = page.continue;
      if (this.next === undefined && !signal.aborted) this.isOver = true;
    } catch (error) {
      if (!signal.aborted && !this.goesOnAfter(error)) this.end(error);
    }
  }

  private async removeFrom({ items, time }: MetadataPage): Promise<void> {
    const { clock, retentionSeconds, signal } = this.deps;
    if (time === undefined) throw new KubeError('Unavailable', 'the answer of the API server has no date, so nothing says how old an event is');
    const { before, isClockWrong } = cutoffOf(time, clock(), retentionSeconds);
    if (isClockWrong) this.problem ??= 'the clocks of this node and of the API server differ by more than 5 minutes; the earlier one counts';
    const old = items.flatMap((item) => removableIf(item, before) ?? []);
    this.kept += items.length - old.length;
    this.refusedInRow = 0;
    const isEnough = (): boolean => this.isOver || signal.aborted || this.refusedInRow >= MAX_REFUSED;
    // Those that are refused may stand together, and would keep all behind them waiting, each time.
    await fewAtOnce(inAnyOrder(old, this.deps.random), AT_ONCE, async (event) => {
      if (!isEnough()) await this.remove(event);
      return isEnough() ? 'stop' : 'go on';
    });
  }

  /** A removal that has begun is not cut off, so that what was removed is known. */
  private async remove({ name, uid }: Removable): Promise<void> {
    try {
      await this.patiently(() => this.deps.client.delete(this.resource, name, { uid }));
      this.removed += 1;
      this.refusedInRow = 0;
    } catch (error) {
      // Somebody else has removed it, whatever has its name now.
      if (this.deps.signal.aborted || hasCode(error, 'NotFound', 'Conflict')) return;
      this.failed += 1;
      this.refusedInRow += 1;
      if (hasCode(error, 'Unavailable', 'Throttled')) this.end(error);
      else this.problem ??= textOf(error);
    }
  }

  /** https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
  private goesOnAfter(error: unknown): boolean {
    if (hasCode(error, 'TooLarge') && this.limit > 1) {
      this.limit = Math.ceil(this.limit / 4);
      return true;
    }
    if (!(error instanceof KubeError) || error.code !== 'Gone' || error.continue === undefined || this.isRenewed) return false;
    this.next = error.continue;
    this.isRenewed = true;
    return true;
  }

  private end(error: unknown): void {
    this.problem ??= textOf(error);
    this.isOver = true;
  }

  private async patiently<T>(call: () => Promise<T>): Promise<T> {
    const { random, wait, signal } = this.deps;
    for (let failures = 1; ; failures += 1) {
      try {
        return await call();
      } catch (error) {
        if (failures >= ATTEMPTS || !hasCode(error, 'Throttled', 'Unavailable')) throw error;
        await wait(backOff(failures, random, ((error as KubeError).retryAfterSeconds ?? 0) * 1000), signal);
      }
    }
  }
}

function inAnyOrder<T>(items: readonly T[], random: () => number): T[] {
  return items.map((item) => ({ item, at: random() })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
