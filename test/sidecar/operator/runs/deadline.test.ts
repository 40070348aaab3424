import fc from 'fast-check';
import { CREATED, FakeWork, runWith, worldOf } from './fake-run';
import { timeText } from '../../../../sidecar/src/operator/conditions';
import type { Run } from '../../../../sidecar/src/operator/objects/run';
import { deadlineOf, stoppingOf } from '../../../../sidecar/src/operator/runs/deadline';
import type { HarnessTemplateSpec } from '../../../../src/protocol/resources';

const MINUTE = 60_000;
const STARTED = { status: { startTime: timeText(CREATED) } };

function minutes(spec: Partial<Run['spec']>, template?: HarnessTemplateSpec): number | undefined {
  const world = worldOf(template === undefined ? {} : { templates: { coder: template } });
  const end = deadlineOf({ world }, new FakeWork(runWith(spec, STARTED)));
  return end === undefined ? undefined : (end - CREATED) / MINUTE;
}

describe('a run ends', () => {
  test.each<[string, Partial<Run['spec']>, HarnessTemplateSpec, number]>([
    ['half an hour after its start when nobody says more', {}, {}, 30],
    ['when its template says', {}, { defaults: { timeout: '2h' } }, 120],
    ['when it says itself, whatever its template says', { timeout: '5m' }, { defaults: { timeout: '2h' } }, 5],
  ])('%s', (_, spec, template, expected) => expect(minutes(spec, template)).toBe(expected));

  test('when it said itself or else the kubelet says, once its template is gone', () => {
    expect(minutes({})).toBeUndefined();
    expect(minutes({ timeout: '5m' })).toBe(5);
  });

  test('at no time known before it has begun', () => {
    expect(deadlineOf({ world: worldOf({ templates: { coder: {} } }) }, new FakeWork(runWith({ timeout: '1s' })))).toBeUndefined();
  });
});

describe('a run is stopped', () => {
  const stopping = (now: number, isCancelled = false, deadline: number | undefined = CREATED + MINUTE) => (
    stoppingOf(new FakeWork(runWith({}, { isCancelled }), now), deadline)
  );

  test('from its deadline on, and not a moment before', () => {
    fc.assert(fc.property(fc.integer({ min: -MINUTE, max: MINUTE }), (past) => {
      expect(stopping(CREATED + MINUTE + past)).toBe(past < 0 ? undefined : 'DeadlineExceeded');
    }));
  });

  test('when somebody cancels it, though its time is over', () => {
    expect([stopping(CREATED, true), stopping(CREATED + MINUTE, true), stopping(CREATED, true, undefined)]).toEqual(['Cancelled', 'Cancelled', 'Cancelled']);
  });

  test('never by time when it has not begun', () => {
    expect(stoppingOf(new FakeWork(runWith(), Number.MAX_SAFE_INTEGER), undefined)).toBeUndefined();
  });
});
