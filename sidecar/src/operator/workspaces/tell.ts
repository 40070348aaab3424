import type { WorkspaceStatus } from '../../../../src/protocol/resources';
import { Condition, conditionOf } from '../conditions';
import type { Workspace } from '../objects/workspace';
import type { EventSink } from '../operator-deps';

/** What a condition with some reason is told as. */
interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly event: string;
  /** Whether the same reason for another cause is told again. Quotas say how full they are, which is no news each time. */
  readonly isNews: (before: Condition, after: Condition) => boolean;
}

const refused = (event: string): Told => ({ type: 'Warning', event, isNews: () => false });
/** Another pod is another attempt. That the log of the same one goes by now is no news. */
const seeded = (type: Told['type'], event: string): Told => ({ type, event, isNews: (before, after) => podIn(before) !== podIn(after) });

/** The pod that a message of `Seeded` names. */
function podIn({ message }: Condition): string | undefined {
  return /pod '([^']+)'/.exec(message)?.[1];
}

/** By condition and its reason. */
export const TOLD: Readonly<Record<'PVCBound' | 'Seeded', ReadonlyMap<string, Told>>> = {
  PVCBound: new Map([['Refused', refused('Refused')], ['QuotaExceeded', refused('QuotaExceeded')], ['NameTaken', refused('NameTaken')]]),
  Seeded: new Map([['SeedSucceeded', seeded('Normal', 'Seeded')], ['SeedFailed', seeded('Warning', 'SeedFailed')]]),
};

/** Tells people what has become of a Workspace since the status before: a claim that is refused, and how it was cloned. Once for each change. */
export function tellChanges(events: EventSink, { namespace, name, uid, status: before }: Workspace, status: WorkspaceStatus): void {
  for (const [type, reasons] of Object.entries(TOLD)) {
    const after = conditionOf(status.conditions, type);
    const told = reasons.get(after?.reason ?? '');
    if (after === undefined || told === undefined) continue;
    const known = conditionOf(before.conditions, type);
    if (known?.reason === after.reason && !told.isNews(known, after)) continue;
    events.record({ kind: 'Workspace', namespace, name, uid }, told.type, told.event, after.message);
  }
}
