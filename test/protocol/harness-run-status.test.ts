import * as fc from 'fast-check';
import { API_GROUP_VERSION } from '../../src/protocol/names';
import { HarnessRunStatus, problemsWith, RUN_PHASES, RunPhase, TERMINAL_RUN_PHASES } from '../../src/protocol/resources';

const OVER = /^status\.phase: a run that is over must stay as it ended, got /;

type Status = HarnessRunStatus | null | undefined;

function problemsOfUpdate(was: Status, status: Status): string[] {
  const run = (value: Status) => ({ apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', metadata: { name: 'a' }, spec: { templateRef: { name: 'b' }, prompt: 'p' }, status: value });
  return problemsWith('HarnessRun', run(status), run(was));
}

describe.each(TERMINAL_RUN_PHASES)('a run that is over with %s', (phase) => {
  test.each<[string, object | null | undefined]>([
    ['its phase', { phase: null, agentPhase: 'stopped' }], ['all in its status', {}], ['its status', undefined], ['its status, as a patch with null does,', null],
  ])('does not lose %s, after which another end could be told', (_what, status) => {
    expect(problemsOfUpdate({ phase, agentPhase: 'stopped' }, status as Status)).toEqual([expect.stringMatching(OVER)]);
  });

  test.each(RUN_PHASES.filter((other) => other !== phase))('does not become %s', (other) => {
    expect(problemsOfUpdate({ phase }, { phase: other })).toEqual([expect.stringMatching(OVER)]);
  });

  test('may be told more of', () => {
    expect(problemsOfUpdate({ phase }, { phase, agentPhase: 'error' })).toEqual([]);
  });
});

test('a run that goes on may have any phase after any other, or lose it', () => {
  const goesOn = RUN_PHASES.filter((phase) => !TERMINAL_RUN_PHASES.includes(phase));
  const statuses = (phases: readonly RunPhase[]) => fc.constantFrom<Status>(undefined, {}, ...phases.map((phase) => ({ phase })));
  fc.assert(fc.property(statuses(goesOn), statuses(RUN_PHASES), (was, status) => {
    expect(problemsOfUpdate(was, status)).toEqual([]);
  }));
});
