import fc from 'fast-check';
import type { KubeObject } from '../../../../sidecar/src/kube/client';
import { runOf } from '../../../../sidecar/src/operator/objects/run';
import { ANNOTATIONS } from '../../../../src/protocol/names';
import { MAX_CANCEL_REASON } from '../../../../src/protocol/resources/harness-run-status';

const cancelled = (annotations?: object) => runOf({
  apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { namespace: 'team', name: 'fix', uid: 'a1', annotations }, spec: { templateRef: { name: 'coder' } },
} as unknown as KubeObject);
const reasonOf = (text: string) => cancelled({ [ANNOTATIONS.cancel]: text });

test('a run without the annotation is not cancelled', () => {
  expect([cancelled(), cancelled({ other: 'x' })]).toEqual([expect.objectContaining({ isCancelled: false }), expect.objectContaining({ isCancelled: false })]);
  expect(cancelled()).not.toHaveProperty('cancelReason');
});

test('a run is cancelled for what its annotation says', () => {
  expect(reasonOf(' the branch\n\tis merged\u0007 ')).toMatchObject({ isCancelled: true, cancelReason: 'the branch is merged' });
});

test.each(['', ' \n ', '\u0000\u202e'])('a run whose annotation says nothing is cancelled for no reason: %j', (text) => {
  expect(reasonOf(text)).toMatchObject({ isCancelled: true });
  expect(reasonOf(text)).not.toHaveProperty('cancelReason');
});

test('whatever the annotation says, what is kept of it is the beginning of one line that can be shown', () => {
  const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\u001b[2J', '\u202e', '\ud800', '\u{1F600}'.repeat(150), 'a'.repeat(1000)));
  fc.assert(fc.property(fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')), (text) => {
    const { isCancelled, cancelReason = '' } = reasonOf(text);
    expect(isCancelled).toBe(true);
    expect([...cancelReason].length).toBeLessThanOrEqual(MAX_CANCEL_REASON);
    expect(cancelReason).not.toMatch(/[\p{C}\n\r\u2028\u2029]/u);
    expect(cancelReason.trim()).toBe(cancelReason);
    const line = text.replace(/[\s\p{C}]+/gu, ' ').trim();
    expect(line.startsWith(cancelReason.replace(/\.\.\.$/, ''))).toBe(true);
    if ([...line].length <= MAX_CANCEL_REASON) expect(cancelReason).toBe(line);
  }), { numRuns: 500 });
});
