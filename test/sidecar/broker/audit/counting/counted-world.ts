import type { AuditRecord } from '../../../../../sidecar/src/broker/audit/audit-event';
import { countedDecisions } from '../../../../../sidecar/src/broker/audit/counting/counted-decisions';
import { Limiter } from '../../../../../sidecar/src/server/bounds/limiter';
import { PassingTime } from '../../../egress/passing-time';

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 4, 4, 9);

export function block(host: string, more: Partial<AuditRecord> = {}): AuditRecord {
  return { decision: 'denied', kind: 'egress-block', namespace: 'team-a', run: 'r1', destination: { host, port: 443 }, reason: 'no grant', ...more };
}

export function isSummary({ count }: AuditRecord): boolean {
  return count !== undefined;
}

/** Decisions that are counted, over a log of which the test says when it fails. */
export function countedWorld(burst = 2) {
  const time = new PassingTime();
  time.now = START;
  const state = { fails: false, written: [] as AuditRecord[], errors: [] as string[] };
  const log = {
    write: async (record: AuditRecord): Promise<string> => {
      if (state.fails) throw new Error('the disk is full');
      state.written.push(record);
      return `audit-${state.written.length}`;
    },
    unready: () => (state.fails ? 'the disk is full' : undefined),
    close: async () => {},
  };
  const { clock, after } = time;
  const failed = (error: unknown) => void state.errors.push((error as Error).message);
  const limiter = new Limiter({ perSecond: 0.001, burst, maxKeys: 100, clock });
  // The test may have the log write in another way later.
  const counted = countedDecisions({ ...log, write: (record) => log.write(record) }, limiter, { clock, after, failed });
  const ask = async (count: number, more: Partial<AuditRecord> = {}, host?: string) => {
    for (let i = 0; i < count; i += 1) await counted.write(block(host ?? `h${i}.example`, more));
  };
  return { time, state, log, counted, ask, summaries: () => state.written.filter(isSummary) };
}
