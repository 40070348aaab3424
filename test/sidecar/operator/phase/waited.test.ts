import fc from 'fast-check';
import { condition, deleted, document, holdsFor, Look, said, verdictOf, waiting } from './pod-documents';
import { WAITED_CLAIM_ROWS } from './waited-claim-rows';
import { WAITED_ROWS } from './waited-rows';
import { WAITING_REASONS } from '../../../../src/protocol/runs';

describe('a run that has to stop before its agent began says what it waited for while it stops', () => holdsFor(WAITED_ROWS.GOING));
describe('and when it has stopped', () => holdsFor(WAITED_ROWS.ENDED));
describe('words of others about waiting', () => holdsFor(WAITED_CLAIM_ROWS.FOREIGN));
describe('a run of which nobody knows whether it has only waited', () => holdsFor(WAITED_CLAIM_ROWS.NOT_KNOWN));
describe('a run that was tried again', () => holdsFor(WAITED_CLAIM_ROWS.TRIED_AGAIN));

const reason = fc.constantFrom(...WAITING_REASONS.filter((one) => !['Cancelling', 'Terminating', 'Retrying'].includes(one)));
const STATES = [
  document({ containerStatuses: [waiting('agent', 'ContainerCreating')] }),
  document({ containerStatuses: [waiting('agent', 'ContainerCreating')] }, deleted(5)),
  document({ phase: 'Unknown' }, deleted(5)),
  document({ conditions: [], startTime: undefined }, deleted(5)),
];
const FOREIGN = ['it waited: ', 'exec: "it waited: nothing": not found', 'enough; until then it waited: long', 'no; its time was over while it waited: nothing', 'it waited:'];
const foreign = fc.oneof(fc.constantFrom(...FOREIGN), fc.string({ maxLength: 200 }));
/** A pod that was disrupted, of which its cluster says something. */
const disrupted = (message: string) => document({ startTime: undefined, conditions: [condition('DisruptionTarget', 'True', { reason: 'EvictionByEvictionAPI', message })] }, deleted(5));

test('what a run waited for comes through any number of looks as it was, and nothing is written twice', () => {
  const message = foreign.map((text) => `${text}.`);
  const pod = fc.oneof(fc.constantFrom(...STATES), foreign.map(disrupted));
  const look = fc.record({ pod, stopping: fc.constantFrom('Cancelled' as const, 'DeadlineExceeded' as const), cancelReason: fc.option(foreign, { nil: undefined }) });
  fc.assert(fc.property(reason, message, fc.array(look, { maxLength: 6 }), (why, text, looks) => {
    let before = said(why, undefined, text);
    for (const one of looks) {
      const verdict = verdictOf({ ...one, before });
      before = said(verdict.reason, undefined, verdict.message);
      expect(verdictOf({ ...one, before }).message).toBe(verdict.message);
    }
    const end: Look = { wasThere: looks.length > 0, stopping: 'DeadlineExceeded', before };
    const words = Buffer.from(`its time was over while it waited: ${why}: ${text}`).toString();
    expect(verdictOf(end).message).toBe(words);
  }));
});
