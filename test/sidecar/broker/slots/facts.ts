import type { CatalogRun } from '../../../../sidecar/src/broker/catalog/catalog';
import type { Holder, SlotFacts } from '../../../../sidecar/src/broker/slots/slots';
import { HOUR, RUN, T0 } from '../example-grants';

/** Runs, their leases, and what a broker knows of them. */

export const MINUTE = 60_000;

export const POOL = ['a', 'b', 'c'].map(slotNamed);

/** A name of a slot, as a keyed hash would make it. */
export function slotNamed(letter: string): string {
  return letter.repeat(32);
}

export function runNamed(name: string, more: Partial<CatalogRun> = {}): CatalogRun {
  return { ...RUN, name, uid: `uid-${name}`, ...more };
}

export function holderOf(run: string, until = T0 + HOUR): Holder {
  return { leaseId: `pat-${run}`, namespace: 'team-a', run, runUid: `uid-${run}`, until };
}

export function factsOf(runs: readonly CatalogRun[], now = T0, revokedSessions: readonly string[] = []): SlotFacts {
  return {
    now,
    subjects: {
      run: (namespace, name) => runs.find((run) => run.namespace === namespace && run.name === name),
      isSessionRevoked: (id) => revokedSessions.includes(id),
    },
  };
}
