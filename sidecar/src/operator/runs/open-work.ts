import type { RunWork } from './run-work';
import { ownPart, writeStatus } from './write-run';
import type { HarnessRunStatus } from '../../../../src/protocol/resources';
import { RUN_CONDITIONS } from '../../../../src/protocol/runs';
import { equal } from '../../../../src/protocol/schema/equal';
import { withCondition } from '../conditions';
import { defined } from '../objects/defined';
import type { Run } from '../objects/run';
import type { OperatorDeps } from '../operator-deps';

/** One reconcile of a run, over the status that it had. */
export function openWork(deps: Pick<OperatorDeps, 'client' | 'world' | 'events' | 'clock'>, run: Run): RunWork {
  const { events, clock } = deps;
  const now = clock();
  let status = ownPart(run.status);
  let written = status;
  let there = status;
  const told = new Set<string>();
  return {
    run,
    now,
    get status() {
      return status;
    },
    set: (change) => {
      status = defined<HarnessRunStatus>({ ...status, ...change });
    },
    condition: (type, reason, message = '') => {
      const isTrue = RUN_CONDITIONS[type][0] === reason || (type === 'WorkspaceBound' && reason === 'NotRequired');
      status = { ...status, conditions: withCondition(status.conditions ?? [], { type, status: isTrue ? 'True' : 'False', reason, message }, now, run.generation) };
    },
    commit: async () => {
      // The API server answers in an order of its own.
      if (equal(status, written)) return;
      const wanted = status;
      there = await writeStatus(deps, run, there, wanted);
      written = wanted;
    },
    event: (type, reason, note) => {
      const key = `${type} ${reason} ${note}`;
      if (told.has(key)) return;
      told.add(key);
      events.record({ kind: 'HarnessRun', namespace: run.namespace, name: run.name, uid: run.uid }, type, reason, note);
    },
  };
}
