import { Outages } from './outages';
import { EndReason, whyOver } from '../../store/due';
import { afterFailure, afterPage, newRound, Round, Verdict, verdictsOf } from '../../store/round';
import { Kept, LONGEST_PAGE, Page } from '../../store/store';
import { isStoreError } from '../../store/store-error';
import { EndDeps, endSession } from '../sessions/end';

/** Sessions that are ended at the same time. */
const AT_ONCE = 8;

/** Milliseconds after which the rest of a round waits for the next turn. */
const TURN = 60_000;

/** Walks through the store and ends what is over. Nothing that fails keeps it from what is behind. */
export class StoreRound {
  private round: Round | undefined;
  /** Whether a page of this turn could not be had. */
  private failed = false;
  private readonly outages = new Outages();

  constructor(private readonly deps: EndDeps) {}

  /** One turn: the whole round, unless there is too much of it. Never rejects. */
  async turn(): Promise<void> {
    const { clock } = this.deps;
    const until = clock() + TURN;
    this.failed = false;
    this.round ??= newRound(clock());
    while (this.round !== undefined && clock() <= until) {
      const page = await this.page(this.round);
      if (page !== undefined) await this.endAll(verdictsOf(page, this.why));
    }
  }

  private readonly why = (session: Kept): EndReason | undefined => {
    return whyOver(session, this.deps.clock(), this.outages.unnotedSince(session.lastActivity));
  };

  /** The page, and where the round goes on; undefined when it cannot be had. */
  private async page(round: Round): Promise<Page | undefined> {
    const { store, metrics, log } = this.deps;
    try {
      const page = await store.list({ dueBy: round.dueBy }, { limit: LONGEST_PAGE, ...(round.cursor === undefined ? {} : { cursor: round.cursor }) });
      this.outages.read(this.deps.clock());
      this.round = afterPage(round, page);
      for (const { id, problem, quarantined } of page.poisoned) {
        metrics.poison();
        log.error({ session: id, problem, quarantined }, 'what is kept of a session cannot be used');
      }
      return page;
    } catch (err) {
      metrics.reaperFailed('page');
      if (isStoreError(err, 'Unavailable')) this.outages.readFailed();
      // A store that is away fails at every page.
      if (!this.failed) log.error({ err }, 'sessions that are over could not be listed; what is left is tried again');
      this.failed = true;
      this.round = isStoreError(err) ? afterFailure(round, err) : undefined;
      return undefined;
    }
  }

  private async endAll(verdicts: readonly Verdict[]): Promise<void> {
    for (let at = 0; at < verdicts.length; at += AT_ONCE) await Promise.all(verdicts.slice(at, at + AT_ONCE).map((verdict) => this.end(verdict)));
  }

  private async end({ session: { record: { id } }, reason }: Verdict): Promise<void> {
    const { clock, metrics, log } = this.deps;
    try {
      // Asked again with what is there then: activity or an extension may have come in between.
      const ended = await endSession(this.deps, id, reason, (kept) => this.why(kept) !== undefined);
      this.outages.written(clock());
      if (ended) log.info({ session: id, reason }, 'a session has ended');
    } catch (err) {
      metrics.reaperFailed('session');
      if (isStoreError(err, 'Unavailable')) this.outages.writeFailed();
      log.error({ err, session: id, reason }, 'a session could not be ended; it is tried again');
    }
  }
}
