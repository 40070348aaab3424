import fc from 'fast-check';
import { COMPLETE, Definitions, NAMESPACE, NOW } from './world';
import { discoveryOf } from '../../../../sidecar/src/operator/readiness/discovery';
import { reconcilePolicy } from '../../../../sidecar/src/operator/readiness/policy';
import type { BrokerPolicySpec } from '../../../../src/protocol/resources';

const DAY = 86_400_000;

let all: Definitions;

beforeEach(() => {
  all = new Definitions();
});

const policy = (more: Partial<BrokerPolicySpec> = {}): BrokerPolicySpec => ({ appliesToTemplates: ['coder*'], grants: {}, ...more });
const until = (time: number) => ({ egressDiscovery: { accepted: true, reason: 'we look at what the new tool wants', expiresAt: new Date(time).toISOString() } });

async function reconcile(spec: BrokerPolicySpec) {
  all.add('BrokerPolicy', 'p', spec);
  return reconcilePolicy(all.deps(), NAMESPACE, 'p');
}

test('a policy names the templates that it applies to', async () => {
  all.add('HarnessTemplate', 'coder-b', COMPLETE);
  all.add('HarnessTemplate', 'reviewer', COMPLETE);
  all.add('ClusterHarnessTemplate', 'coder-a', COMPLETE);
  expect(await reconcile(policy())).toBeUndefined();
  expect(all.said('BrokerPolicy', 'p')).toBe("True Ready: it applies to ClusterHarnessTemplate 'coder-a', HarnessTemplate 'coder-b'");
});

test('of very many it names ten', async () => {
  Array.from({ length: 13 }, (_, index) => all.add('HarnessTemplate', `coder-${index}`, COMPLETE));
  await reconcile(policy());
  expect(all.said('BrokerPolicy', 'p')).toMatch(/^True Ready: it applies to (HarnessTemplate '[^']*'(, )?){10} and 3 more$/);
});

test.each([
  ['another name', policy({ appliesToTemplates: ['reviewer'] })],
  ['another kind', policy({ templateKinds: ['ClusterHarnessTemplate'] })],
  ['another image', policy({ imageDigests: [`sha256:${'a'.repeat(64)}`] })],
])('a policy for %s says that it applies to nothing, which is no mistake', async (_, spec) => {
  all.add('HarnessTemplate', 'coder', COMPLETE);
  await reconcile(spec);
  expect(all.said('BrokerPolicy', 'p')).toBe('True NoTemplate: it applies to no template that is there');
});

test('nor does one apply to a template that hides one of the cluster, unless it says so', async () => {
  all.add('HarnessTemplate', 'coder', COMPLETE);
  all.add('ClusterHarnessTemplate', 'coder', COMPLETE);
  await reconcile(policy());
  expect(all.said('BrokerPolicy', 'p')).toBe("True Ready: it applies to ClusterHarnessTemplate 'coder'");
});

test('a template whose base is not there is none that a policy applies to', async () => {
  all.add('HarnessTemplate', 'coder', { baseTemplateRef: { name: 'base' } });
  await reconcile(policy());
  expect(all.said('BrokerPolicy', 'p')).toMatch(/^True NoTemplate/);
});

const WINDOWS: readonly (readonly [string, Partial<BrokerPolicySpec>, string, string, number | undefined])[] = [
  ['no window', {}, 'False NotRequested', 'False NotRequested', undefined],
  ['an open window', until(NOW + 3_600_000), 'True Active', 'False Active', 3_600_000],
  ['a window of a week', until(NOW + 7 * DAY), 'True Active', 'False Active', DAY],
  ['a window that is over', until(NOW - 1000), 'False Expired', 'True Expired', undefined],
  ['a window that ends now', until(NOW), 'False Expired', 'True Expired', undefined],
  ['a window that begins in an hour', until(NOW + 7 * DAY + 3_600_000), 'False TooFarAhead', 'False TooFarAhead', 3_600_000],
  ['a window in ten years', until(NOW + 3650 * DAY), 'False TooFarAhead', 'False TooFarAhead', DAY],
];

test.each(WINDOWS)('%s', async (_, window, active, expired, again) => {
  expect(await reconcile(policy(window))).toBe(again);
  expect(all.said('BrokerPolicy', 'p', 'DiscoveryModeActive')).toMatch(new RegExp(`^${active}: `));
  expect(all.said('BrokerPolicy', 'p', 'DiscoveryExpired')).toMatch(new RegExp(`^${expired}: `));
});

test('a window that ends is told of at its end, with one write', async () => {
  const again = await reconcile(policy(until(NOW + 3_600_000)));
  all.now += again! - 1;
  await reconcilePolicy(all.deps(), NAMESPACE, 'p');
  expect(all.writes).toHaveLength(1);
  all.now += 1;
  expect(await reconcilePolicy(all.deps(), NAMESPACE, 'p')).toBeUndefined();
  expect(all.writes).toHaveLength(2);
  expect(all.said('BrokerPolicy', 'p', 'DiscoveryExpired')).toMatch(/^True Expired/);
});

test('whenever a window ends, what is said stays true until it is asked for again', () => {
  const days = fc.integer({ min: -20 * DAY, max: 20 * DAY });
  fc.assert(fc.property(days, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (left, part) => {
    const spec = until(NOW + left);
    const { again, ...said } = discoveryOf(spec, NOW);
    const later = discoveryOf(spec, NOW + Math.floor((again ?? 100 * DAY) * part));
    expect({ active: later.active, expired: later.expired }).toEqual(said);
    if (again !== undefined) expect(again).toBeGreaterThan(0);
  }));
});

test('nothing is written of a policy that is gone or going', async () => {
  all.add('BrokerPolicy', 'going', policy(), { deletionTimestamp: '2030-01-01T00:00:00Z' });
  await reconcilePolicy(all.deps(), NAMESPACE, 'going');
  await reconcilePolicy(all.deps(), NAMESPACE, 'gone');
  expect(all.writes).toEqual([]);
});
