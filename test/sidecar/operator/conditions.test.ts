import fc from 'fast-check';
import { Condition, conditionOf, timeText, withCondition } from '../../../sidecar/src/operator/conditions';
import { problemsWith } from '../../../src/protocol/resources';

const NOW = Date.UTC(2030, 0, 1);
const LATER = NOW + 90_500;

const ready = (status: Condition['status'], reason = 'Ready', message = '') => ({ type: 'Ready', status, reason, message });

test('a condition that is new has its transition now, in whole seconds', () => {
  expect(withCondition([], ready('True'), LATER, 3)).toEqual([{ ...ready('True'), lastTransitionTime: '2030-01-01T00:01:30Z', observedGeneration: 3 }]);
});

test('the time of the transition stays while the status does, whatever reason and message become', () => {
  const before = withCondition([], ready('False', 'Pending', 'not yet'), NOW, 1);
  const [after] = withCondition(before, ready('False', 'Lost', 'never'), LATER, 2);
  expect(after).toEqual({ ...ready('False', 'Lost', 'never'), lastTransitionTime: timeText(NOW), observedGeneration: 2 });
});

test.each([['True', 'False'], ['False', 'True'], ['Unknown', 'True']] as const)('a change from %s to %s is a transition', (from, to) => {
  const [after] = withCondition(withCondition([], ready(from), NOW, 1), ready(to), LATER, 1);
  expect(after.lastTransitionTime).toBe(timeText(LATER));
});

test('the list that was given is not changed', () => {
  const before = withCondition([], ready('True'), NOW, 1);
  const copy = structuredClone(before);
  withCondition(before, ready('False'), LATER, 2);
  expect(before).toEqual(copy);
});

test('a condition that is not there is not found', () => {
  expect(conditionOf(undefined, 'Ready')).toBeUndefined();
  expect(conditionOf(withCondition([], ready('True'), NOW, 1), 'Seeded')).toBeUndefined();
});

test('a message is cut between characters, as the API server counts them', () => {
  const [{ message }] = withCondition([], ready('True', 'Ready', '😀'.repeat(40_000)), NOW, 1);
  expect([...message].length).toBe(32_768);
  expect(message.endsWith('😀')).toBe(true);
});

test('half a surrogate pair does not get into a message', () => {
  expect(withCondition([], ready('True', 'Ready', 'a\ud83d'), NOW, 1)[0].message).toBe('a\ufffd');
});

test('whatever is said, the list is sorted, has each type once, and is one that the API server takes', () => {
  const said = fc.record({
    type: fc.constantFrom('Ready', 'Seeded', 'PVCBound', 'Completed'),
    status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
    reason: fc.constantFrom('Ready', 'Pending'),
    message: fc.string({ unit: 'binary', maxLength: 40 }),
  });
  fc.assert(fc.property(fc.array(fc.tuple(said, fc.nat(1_000_000)), { maxLength: 12 }), (all) => {
    const list = all.reduce<readonly Condition[]>((before, [one, after]) => withCondition(before, one, NOW + after, 1), []);
    const types = list.map(({ type }) => type);
    expect(types).toEqual([...new Set(all.map(([{ type }]) => type))].sort());
    for (const { type, status } of list) expect(all.findLast(([one]) => one.type === type)![0].status).toBe(status);
    expect(problemsWith('Workspace', {
      apiVersion: 'paddock.dev/v1alpha1', kind: 'Workspace', metadata: { name: 'w' }, spec: { storage: { size: '1Gi' } }, status: { conditions: list },
    })).toEqual([]);
  }));
});
