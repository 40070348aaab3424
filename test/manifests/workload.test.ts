import { WorkerPool, WorkerWorkload } from '../../src';
import { synth } from '../helpers/manifests';
import { testPlatform } from '../helpers/platform';

/** What a drain does with pods that run and are not ready, by workload. */
function evictionPolicies(): Record<string, unknown> {
  const { chart, team } = testPlatform();
  new WorkerPool(chart, 'python', { namespace: team, image: 'a', workload: WorkerWorkload.sticky() });
  const budgets = synth(chart).filter(({ kind }) => kind === 'PodDisruptionBudget');
  return Object.fromEntries(budgets.map(({ metadata, spec }) => [metadata.name, spec.unhealthyPodEvictionPolicy]));
}

test('a server that is not ready keeps no node from being drained; a worker does, as it may have a session', () => {
  expect(evictionPolicies()).toEqual({
    broker: 'AlwaysAllow', egress: 'AlwaysAllow', controller: 'AlwaysAllow', gateway: 'AlwaysAllow', operator: 'AlwaysAllow', python: undefined,
  });
});
