import type { Observed } from './verdict';
import { Bear, WAITING } from './waiting';

/** Reasons that tell nothing of a container: its node is silent, or its pod was given up and has yet to stop. */
const TELL_NOTHING: readonly string[] = ['NodeUnreachable', 'Retrying'];

/**
 * When a container that is borne with is given up, in milliseconds since 1970: its patience counts from the first look that
 * finds it so. What passes before a failure, such as a slow pull, is none. Never later than the patience from now on, whatever other clocks say.
 */
export function giveUpAt(bear: Bear, due: number, { before, now }: Pick<Observed, 'before' | 'now'>): number {
  const latest = now + bear.patience;
  const known = bear.recurs ? due + bear.patience : goesOn(bear, before?.reason) ? before?.giveUpAt : undefined;
  return Math.min(known ?? latest, latest);
}

/** Whether it is still what the look before found, by whichever of its names. */
function goesOn({ end }: Bear, reason = ''): boolean {
  const decision = WAITING.get(reason);
  return decision === undefined ? TELL_NOTHING.includes(reason) : decision.kind === 'bear' && decision.end === end;
}
