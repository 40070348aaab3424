import { GOING_ROWS } from './going-rows';
import { ago, condition, document, holdsFor, verdictOf } from './pod-documents';

describe('before a pod has a node', () => holdsFor(GOING_ROWS.BEFORE_THE_NODE));
describe('on its node', () => holdsFor(GOING_ROWS.ON_THE_NODE));
describe('the agent runs', () => holdsFor(GOING_ROWS.RUNNING));

test('a hint that was given needs no further look', () => {
  const pod = document({ conditions: [condition('PodScheduled', 'True', { lastTransitionTime: ago(60) })] });
  expect(verdictOf({ pod })).not.toHaveProperty('againAfter');
});
