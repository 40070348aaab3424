import type { Question, Verdict, Verdicts } from './verdicts';
import type { Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';

export interface WatchContext {
  readonly verdicts: Pick<Verdicts, 'revalidate'>;
  readonly clock: Clock;
  readonly after: After;
}

/** Why what is open must end. */
export type WatchEnd = 'REVOKED' | 'NOT_REVALIDATED';

/** Milliseconds. A broker whose answers are good for no time is asked each second, not without a pause. */
const PAUSE = 1_000;

/**
 * Keeps a tunnel or stream valid: each time its verdict is over, the broker is asked again. Calls `ended` once, when there is no other
 * verdict, or one by which the tunnel would not have been opened this way. Returns what stops it.
 */
export function watchVerdict(
  { verdicts, clock, after }: WatchContext, question: Question, verdict: Verdict, ended: (why: WatchEnd) => void,
): () => void {
  let isStopped = false;
  let cancel = (): void => undefined;
  const wait = (until: number): void => {
    cancel = after(Math.max(until - clock(), PAUSE), () => void ask());
  };
  const ask = async (): Promise<void> => {
    const answer = await verdicts.revalidate(question);
    if (isStopped) return;
    if (answer.outcome === 'allowed' && isSubstituted(answer.verdict) === isSubstituted(verdict)) wait(answer.verdict.until);
    else ended(answer.outcome === 'unanswered' ? 'NOT_REVALIDATED' : 'REVOKED');
  };
  wait(verdict.until);
  return () => {
    isStopped = true;
    cancel();
  };
}

function isSubstituted({ substituteAuth }: Verdict): boolean {
  return substituteAuth === true;
}
