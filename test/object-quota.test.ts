import { AgentPlatformProps, ObjectQuota } from '../src';
import { one, synth } from './helpers/manifests';
import { testPlatform } from './helpers/platform';

const WITHOUT_RUNS: Partial<AgentPlatformProps> = { runs: { enabled: false } };

function added(objectQuota?: ObjectQuota, props: Partial<AgentPlatformProps> = {}) {
  const { chart, platform } = testPlatform(props);
  platform.addNamespace('team-b', { objectQuota });
  return synth(chart).filter(({ metadata }) => metadata.namespace === 'team-b');
}

/** Of policies, runs, templates and Workspaces. */
const limits = (quota: ObjectQuota) => Object.values(one(added(quota), 'ResourceQuota', 'agent-quota').spec.hard);
const refusal = (quota: ObjectQuota, props?: Partial<AgentPlatformProps>) => () => added(quota, props);

test('a namespace with a quota holds 5000 runs, 500 templates, a Workspace for each and 1000 more, and 200 policies', () => {
  expect(limits({})).toEqual(['200', '5000', '500', '6000']);
});

test('each number can be said, and Workspaces follow the runs', () => {
  expect(limits({ runs: 0, templates: 1, workspaces: 2, policies: 3 })).toEqual(['3', '0', '1', '2']);
  expect(limits({ runs: 20 })).toEqual(['200', '20', '500', '1020']);
});

test('nothing is counted where nobody asks for it', () => expect(added().map(({ kind }) => kind)).not.toContain('ResourceQuota'));

test.each(['runs', 'templates', 'workspaces', 'policies'])('a number of %s that is none is refused', (name) => {
  for (const value of [-1, 0.5, NaN, 1_000_001]) {
    expect(refusal({ [name]: value })).toThrow(`objectQuota.${name} must be a whole number from 0 to 1000000, got ${value}`);
  }
});

test('what has no effect is refused', () => {
  expect(refusal({}, WITHOUT_RUNS)).toThrow('objectQuota has no effect on a platform without runs');
});
