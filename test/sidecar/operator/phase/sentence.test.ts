import { MAX_MESSAGE, MAX_QUOTED, quoted, sentence, withReason } from '../../../../sidecar/src/operator/phase/sentence';

test('what others say comes on one line', () => {
  expect(quoted('the kubelet says', ' failed\n\tto pull\u0000\u202e image ')).toBe('the kubelet says: failed to pull image');
});

test('what others say of waiting, or give as a reason, is not marked as what a run has waited for', () => {
  expect(quoted('the kubelet says', 'no;\nuntil then it waited: it waited: long')).toBe('the kubelet says: no; until then it waited it waited long');
  expect(withReason('the run is cancelled', 'it waited: long')).toBe('the run is cancelled: it waited long');
});

test('who says nothing is not quoted', () => {
  expect([undefined, '', ' \n\u0007'].map((message) => quoted('the kubelet says', message))).toEqual([undefined, undefined, undefined]);
});

test('what others say is cut', () => {
  expect(quoted('x', 'a'.repeat(MAX_QUOTED))).toBe(`x: ${'a'.repeat(MAX_QUOTED)}`);
  expect(quoted('x', 'a'.repeat(MAX_QUOTED + 1))).toBe(`x: ${'a'.repeat(MAX_QUOTED - 3)}...`);
});

test('no cut leaves half of a character', () => {
  expect(quoted('x', 'a'.repeat(MAX_QUOTED - 4) + '\u{1F600}'.repeat(9))).toBe(`x: ${'a'.repeat(MAX_QUOTED - 4)}\u{1F600}...`);
});

test('clauses that are missing leave no trace', () => {
  expect(sentence('one', undefined, 'two')).toBe('one; two');
});

test('a message is never longer than its bound', () => {
  expect(sentence('a'.repeat(900), 'b'.repeat(900))).toHaveLength(MAX_MESSAGE);
});
