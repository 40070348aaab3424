import { isNews } from './news';
import type { RunWork, Waiting } from './run-work';
import { timeText, withCondition } from '../conditions';

/** What a run that is not over waits for, in its condition `Completed`. Answers whether that is news to people. */
export function progress(work: RunWork, { reason, message, giveUpAt }: Waiting): boolean {
  const { conditions = [] } = work.status;
  const isNew = isNews(work.status, work.run.status, reason);
  work.set({
    giveUpTime: giveUpAt === undefined ? undefined : timeText(giveUpAt),
    conditions: withCondition(conditions, { type: 'Completed', status: 'False', reason, message }, work.now, work.run.generation),
  });
  return isNew;
}
