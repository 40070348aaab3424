import type { RunWork } from './run-work';
import type { WaitingReason } from '../../../../src/protocol/runs';
import { conditionOf } from '../conditions';
import { timeOf } from '../objects/meta';

/**
 * When a run is given up that waits for a reason, in milliseconds since 1970: so long after it has begun to wait for that, which
 * the status remembers. No clock that differs from ours makes it later than that from now on.
 */
export function giveUpTime({ status, now }: Pick<RunWork, 'status' | 'now'>, reason: WaitingReason, patience: number): number {
  const isSame = conditionOf(status.conditions, 'Completed')?.reason === reason;
  const told = isSame ? timeOf(status.giveUpTime) : undefined;
  return Math.min(told ?? Infinity, now + patience);
}
