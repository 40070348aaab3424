import fc from 'fast-check';
import { deleted, document, holdsFor, Look, said, verdictOf, waiting } from './pod-documents';
import { WAITED_ROWS } from './waited-rows';
import { WAITING_REASONS } from '../../../../src/protocol/runs';

describe('a run that has to stop before its agent began says what it waited for while it stops', () => holdsFor(WAITED_ROWS.GOING));
describe('and when it has stopped', () => holdsFor(WAITED_ROWS.ENDED));

const reason = fc.constantFrom(...WAITING_REASONS.filter((one) => one !== 'Cancelling' && one !== 'Terminating'));
const STATES = [
  document({ containerStatuses: [waiting('agent', 'ContainerCreating')] }),
  document({ containerStatuses: [waiting('agent', 'ContainerCreating')] }, deleted(5)),
  document({ phase: 'Unknown' }, deleted(5)),
  document({ conditions: [], startTime: undefined }, deleted(5)),
];

test('what a run waited for comes through any number of looks as it was, and nothing is written twice', () => {
  const message = fc.string({ maxLength: 400 }).map((text) => `${text}.`).filter((text) => !text.includes('it waited: '));
  const look = fc.record({ pod: fc.constantFrom(...STATES), stopping: fc.constantFrom('Cancelled' as const, 'DeadlineExceeded' as const) });
  fc.assert(fc.property(reason, message, fc.array(look, { maxLength: 6 }), (why, text, looks) => {
    let before = said(why, undefined, text);
    for (const one of looks) {
      const verdict = verdictOf({ ...one, before });
      before = said(verdict.reason, undefined, verdict.message);
      expect(verdictOf({ ...one, before }).message).toBe(verdict.message);
    }
    const end: Look = { wasThere: true, stopping: 'DeadlineExceeded', before };
    const words = Buffer.from(`its time was over while it waited: ${why}: ${text}`).toString();
    expect(verdictOf(end).message).toBe(words);
  }));
});
