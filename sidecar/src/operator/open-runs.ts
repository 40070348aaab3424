import { conditionOf } from './conditions';
import { isOver, Run } from './objects/run';
import { RUN_PHASES } from '../../../src/protocol/resources/phases';
import { WAITING_REASONS } from '../../../src/protocol/runs';

/** What another version has written and this one does not know, or nobody has written yet. */
const OTHER = 'other';

/** Runs that are not over and have the same labels. */
export interface OpenRuns {
  readonly phase: string;
  readonly reason: string;
  count: number;
}

/** Runs that are not over, by phase and by what they wait for. The labels are of closed sets, whatever the runs say. */
export function openRuns(runs: Iterable<Pick<Run, 'status'>>): Iterable<OpenRuns> {
  const found = new Map<string, OpenRuns>();
  for (const { status } of runs) {
    if (isOver(status)) continue;
    const phase = known(RUN_PHASES, status.phase ?? 'Pending');
    const reason = known(WAITING_REASONS, conditionOf(status.conditions, 'Completed')?.reason);
    const key = `${phase} ${reason}`;
    const same = found.get(key) ?? { phase, reason, count: 0 };
    same.count += 1;
    found.set(key, same);
  }
  return found.values();
}

function known(values: readonly string[], value: string | undefined): string {
  return value !== undefined && values.includes(value) ? value : OTHER;
}
