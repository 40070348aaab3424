import type { AuditRecord } from '../audit-event';
import type { AuditHead } from '../log/chain';
import type { EventContent } from '../log/record';

/** A line of the log that holds a decision. */
export interface DecisionLine {
  readonly head: AuditHead;
  readonly content: EventContent;
}

/** Decisions that become one event. Never empty, in the order of the log. */
export interface DecisionGroup {
  readonly lines: readonly DecisionLine[];
  /** Whether decisions stand together only because there were too many to spell out. */
  readonly folded: boolean;
}

/**
 * Which decisions of a batch become one event. What a run does all the time, which is to use a host that it may use, is
 * counted per run, credential and host. Any other decision is an event of its own, up to a limit for each run, kind and
 * decision; what is over it becomes one more, so that whoever floods the broker does not flood the API server.
 */
export function groupsOf(lines: readonly DecisionLine[], eachOfRun: number): DecisionGroup[] {
  const groups = collected(lines, ({ content: { event }, head }) => isUse(event) ? useKey(event) : String(head.sequence));
  const families = collected(groups, ([{ content: { event } }]) => familyKey(event));
  return families.flatMap((family) => {
    const each = family.slice(0, eachOfRun).map((group) => ({ lines: group, folded: false }));
    const rest = family.slice(eachOfRun).flat();
    if (rest.length === 0) return each;
    return [...each, { lines: rest.sort((a, b) => a.head.sequence - b.head.sequence), folded: true }];
  });
}

/** A request on its way to a host: a substitution, or a connection. Issuing a credential names no host. */
export function isUse({ decision, destination }: AuditRecord): boolean {
  return decision === 'granted' && destination !== undefined;
}

function useKey({ namespace, run, kind, credential, destination, matchedPolicy, caller }: AuditRecord): string {
  return JSON.stringify([namespace, run, kind, credential, destination, matchedPolicy, caller]);
}

function familyKey({ namespace, run, kind, decision }: AuditRecord): string {
  return JSON.stringify([namespace, run, kind, decision]);
}

/** Items with the same key, in the order in which the keys came. */
function collected<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const before = found.get(key);
    if (before === undefined) found.set(key, [item]);
    else before.push(item);
  }
  return [...found.values()];
}
