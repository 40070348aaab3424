import fc from 'fast-check';
import { PATIENCE_ROWS } from './patience-rows';
import { condition, document, holdsFor, NOW, observed, said, waiting } from './pod-documents';
import { phaseOf } from '../../../../sidecar/src/operator/phase/phase-of';
import type { Observed, Verdict } from '../../../../sidecar/src/operator/phase/verdict';

const MINUTE = 60_000;

describe('what may go away is borne', () => holdsFor(PATIENCE_ROWS.FIRST_LOOK));
describe('as long as it goes on', () => holdsFor(PATIENCE_ROWS.NEXT_LOOK));
describe('what comes and goes is borne since its container was due', () => holdsFor(PATIENCE_ROWS.RECURRING));

const FAMILIES: readonly (readonly [patience: number, ...reasons: string[]])[] = [
  [5 * MINUTE, 'ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'ImageInspectError', 'SignatureValidationFailed'],
  [2 * MINUTE, 'CreateContainerConfigError'],
  [2 * MINUTE, 'CreateContainerError'],
  [2 * MINUTE, 'RunContainerError'],
];

const waits = (reason: string, scheduled: number) => document({
  conditions: [condition('PodScheduled', 'True', { lastTransitionTime: new Date(scheduled).toISOString() })], containerStatuses: [waiting('agent', reason)],
});

/** Whole seconds, as the status keeps times. */
const kept = (giveUpAt: number) => Math.floor(giveUpAt / 1000) * 1000;

const look = (reasons: readonly string[]) => fc.record({ reason: fc.constantFrom(...reasons), pause: fc.integer({ min: 0, max: 40_000 }) });
const course = fc.constantFrom(...FAMILIES).chain(([patience, ...reasons]) => (
  fc.record({ patience: fc.constant(patience), looks: fc.array(look(reasons), { minLength: 1, maxLength: 30 }) })
));

test('a fault that goes on is given up its patience after the first look, however often it is looked at and however long the pod was there', () => {
  fc.assert(fc.property(course, fc.integer({ min: -3600_000, max: 3600_000 }), ({ patience, looks }, age) => {
    let now = NOW;
    let before: Observed['before'];
    for (const { reason, pause } of looks) {
      const verdict: Verdict = phaseOf({ ...observed({ pod: waits(reason, NOW - age), before }), now });
      expect(verdict.kind).toBe(before === undefined || now < kept(NOW + patience) ? 'going' : 'ended');
      if (verdict.kind === 'ended') return;
      expect(kept(verdict.giveUpAt!)).toBe(kept(NOW + patience));
      before = { ...said(verdict.reason), giveUpAt: kept(verdict.giveUpAt!) };
      now += pause;
    }
  }));
});

test('what is borne is looked at again when it is given up, and is given up then', () => {
  const reasons = [...FAMILIES.flatMap(([, ...names]) => names), 'CrashLoopBackOff'];
  fc.assert(fc.property(fc.constantFrom(...reasons), fc.integer({ min: 0, max: 119_999 }), (reason, age) => {
    const pod = waits(reason, NOW - age);
    const first = phaseOf(observed({ pod }));
    if (first.kind !== 'going') throw new Error('given up too early');
    const before = { ...said(first.reason), giveUpAt: first.giveUpAt! };
    const later = (left: number) => phaseOf({ ...observed({ pod, before }), now: first.giveUpAt! - left });
    expect(first.againAfter).toBe(first.giveUpAt! - NOW);
    expect(later(1)).toMatchObject({ kind: 'going', againAfter: 1, giveUpAt: first.giveUpAt });
    expect(later(0)).toMatchObject({ kind: 'ended', stopsPod: true });
  }));
});
