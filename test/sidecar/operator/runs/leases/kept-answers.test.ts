import { CODER, START } from './lease-world';
import { Answers, KeptAnswers } from '../../../../../sidecar/src/operator/runs/leases/kept-answers';
import { NO_EXPIRY } from '../../../../../src/protocol/broker-api';

const MIB = 1024 * 1024;
const answers = (characters: number): Answers => new Map([['A', {
  value: 'x'.repeat(characters), leaseId: 'uss-1', expiresAt: NO_EXPIRY, provider: 'UserSuppliedSecret', deliveryMode: 'InContainer' as const,
}]]);

let now = START;
let kept: KeptAnswers;
beforeEach(() => {
  now = START;
  kept = new KeptAnswers(() => now);
});

test('what is kept of a run is there for a minute after the last look, and for that run alone', () => {
  kept.set('uid-1', CODER, answers(1));
  now += 59_999;
  expect([kept.get('uid-1', CODER).size, kept.get('uid-2', CODER).size]).toEqual([1, 0]);
  kept.set('uid-1', CODER, answers(2));
  now += 59_999;
  expect(kept.get('uid-1', CODER).get('A')!.value).toBe('xx');
  now += 1;
  expect(kept.get('uid-1', CODER).size).toBe(0);
});

test('a run for which there is no room takes it from no other, and has it when another is done', () => {
  for (let run = 0; run < 16; run += 1) kept.set(`uid-${run}`, CODER, answers(MIB));
  kept.set('late', CODER, answers(1));
  expect([kept.get('late', CODER).size, kept.get('uid-0', CODER).size]).toEqual([0, 1]);
  kept.delete('uid-0');
  kept.delete('uid-0');
  kept.set('late', CODER, answers(MIB));
  kept.set('later', CODER, answers(1));
  expect([kept.get('late', CODER).size, kept.get('later', CODER).size]).toEqual([1, 0]);
});

test('a run that is kept again counts once, and those whose time is over not at all', () => {
  for (let look = 0; look < 20; look += 1) kept.set('uid-1', CODER, answers(16 * MIB));
  expect(kept.get('uid-1', CODER).size).toBe(1);
  now += 60_000;
  kept.set('uid-2', CODER, answers(16 * MIB));
  expect(kept.get('uid-2', CODER).size).toBe(1);
});

test.each([
  ['another image', { imageDigest: `sha256:${'b'.repeat(64)}` }],
  ['an image that is not pinned', { imageDigest: undefined }],
  ['another kind', { kind: 'ClusterHarnessTemplate' as const }],
  ['another name', { name: 'other' }],
  ['a name that a cluster template has too', { shadows: true }],
])('what was given for one template is not there for one with %s', (_, change) => {
  const pinned = { ...CODER, imageDigest: `sha256:${'a'.repeat(64)}` };
  kept.set('uid-1', pinned, answers(1));
  expect([{ ...pinned, ...change }, pinned].map((template) => kept.get('uid-1', template).size)).toEqual([0, 1]);
  kept.set('uid-1', { ...pinned, ...change }, answers(2));
  expect(kept.get('uid-1', pinned).size).toBe(0);
});
