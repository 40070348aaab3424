import { Walk, WalkDeps } from './walk';
import type { Logger } from '../server/telemetry/log';

export interface RemovalDeps extends WalkDeps {
  readonly namespaces: readonly string[];
  readonly log: Logger;
}

/**
 * Removes the old audit events of all namespaces: of each a page in turn, so that a full one keeps none of the others waiting.
 * Says in the log what became of it, and answers whether nothing is left to do.
 */
export async function removeOldEvents({ namespaces, log, ...deps }: RemovalDeps): Promise<boolean> {
  const walks = [...new Set(namespaces)].map((namespace) => new Walk(namespace, deps));
  const open = () => walks.filter(({ isOver }) => !isOver);
  while (open().length > 0 && !deps.signal.aborted) {
    for (const walk of open()) await walk.step();
  }
  walks.forEach((walk) => tell(log, walk));
  const sum = (count: (walk: Walk) => number): number => walks.reduce((total, walk) => total + count(walk), 0);
  const [removed, failed, kept, unfinished] = [sum((walk) => walk.removed), sum((walk) => walk.failed), sum((walk) => walk.kept), open().length];
  log.info({ removed, failed, kept, unfinished, retentionSeconds: deps.retentionSeconds }, 'old audit events are removed');
  return unfinished === 0 && walks.every(({ problem }) => problem === undefined);
}

/** Of each namespace in which there is something to tell. */
function tell(log: Logger, { namespace, removed, failed, kept, problem, isOver }: Walk): void {
  const counts = { namespace, removed, failed, kept };
  if (problem !== undefined) log.error({ ...counts, problem }, 'not all old audit events of the namespace could be removed');
  else if (!isOver) log.warn(counts, 'there was no time for all audit events of the namespace');
  else if (removed > 0) log.info(counts, 'audit events of the namespace were removed');
}
