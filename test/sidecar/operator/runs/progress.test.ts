import { CREATED, FakeWork } from './fake-run';
import { progress } from '../../../../sidecar/src/operator/runs/progress';

test('a run that waits says for what in its condition Completed', () => {
  const work = new FakeWork();
  expect(progress(work, { reason: 'WorkspaceBusy', message: 'run x works there' })).toBe(true);
  expect(work.status.conditions).toEqual([
    { type: 'Completed', status: 'False', reason: 'WorkspaceBusy', message: 'run x works there', observedGeneration: 1, lastTransitionTime: new Date(CREATED).toISOString().replace('.000', '') },
  ]);
});

test('another message alone is nothing new to tell people', () => {
  const work = new FakeWork();
  progress(work, { reason: 'WorkspaceBusy', message: 'run x works there' });
  expect(progress(work, { reason: 'WorkspaceBusy', message: 'run y works there' })).toBe(false);
  expect(work.status.conditions?.[0].message).toBe('run y works there');
});

test('another reason is, also one that was there before', () => {
  const work = new FakeWork();
  const told = (['WorkspaceBusy', 'BrokerUnavailable', 'WorkspaceBusy'] as const).map((reason) => progress(work, { reason, message: '' }));
  expect(told).toEqual([true, true, true]);
  expect(work.status.conditions).toHaveLength(1);
});
