import fc from 'fast-check';
import { NetworkPolicy } from 'kubernetes-types/networking/v1';
import { defaultDeny, policyFor, Topology } from '../../src/manifests/network-policy';
import { compileSelector, selects, witnesses } from '../../src/manifests/reach/selector';
import { reachProblems } from '../../src/manifests/reach-proof';

const TOPOLOGY: Topology = { platform: 'agent-platform', endpoints: [{ role: 'broker', namespace: 'agent-platform' }], places: {} };
const OWN = [defaultDeny('agent-platform', 'agent-platform'), policyFor(TOPOLOGY.endpoints[0], TOPOLOGY)];

type Expressions = { key: string; operator: string; values?: string[] }[];

function widened(spec: NetworkPolicy['spec']): string[] {
  return reachProblems([...OWN, { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'extra', namespace: 'agent-platform' }, spec }], TOPOLOGY);
}

test('the platform alone has no problems', () => {
  expect(reachProblems(OWN, TOPOLOGY)).toEqual([]);
});

test.each<[string, Expressions]>([
  ['lists a value and leaves another of the list out', [{ key: 'x', operator: 'In', values: ['a', 'b'] }, { key: 'x', operator: 'NotIn', values: ['a'] }]],
  ['has two lists with one value in common', [{ key: 'x', operator: 'In', values: ['a', 'b'] }, { key: 'x', operator: 'In', values: ['c', 'b'] }]],
  ['asks for any value but one', [{ key: 'x', operator: 'Exists' }, { key: 'x', operator: 'NotIn', values: ['any'] }]],
])('a policy is found whose selector %s', (_, matchExpressions) => {
  expect(widened({ podSelector: { matchExpressions }, policyTypes: ['Egress'], egress: [{}] }).join('\n')).toContain('(agent-platform/extra)');
  const broker = { matchLabels: { 'cdk8s-agent-platform/role': 'broker' } };
  expect(widened({ podSelector: broker, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: { matchExpressions } }] }] }).join('\n')).toContain('extra)');
  expect(widened({ podSelector: broker, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: { matchExpressions } }] }] }).join('\n')).toContain('extra)');
});

test('a peer is found that means every namespace but those that the proof would think of', () => {
  const namespaceSelector = { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-elsewhere', 'kube-elsewhere-other', 'agent-platform'] }] };
  const broker = { matchLabels: { 'cdk8s-agent-platform/role': 'broker' } };
  expect(widened({ podSelector: broker, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector }] }] }).join('\n')).toContain('extra)');
});

const value = fc.constantFrom('a', 'b', 'any', 'any-other');
const expression = fc.oneof(
  fc.record({ key: fc.constantFrom('x', 'y', '__proto__'), operator: fc.constantFrom('In', 'NotIn'), values: fc.array(value, { minLength: 1, maxLength: 3 }) }),
  fc.record({ key: fc.constantFrom('x', 'y', '__proto__'), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);

/** Every choice of values for the keys, and one that nobody names. */
const EVERYTHING = ['x', 'y', '__proto__'].reduce<Record<string, string>[]>(
  (all, key) => all.flatMap((labels) => [labels, ...['a', 'b', 'any', 'any-other', 'unheard'].map((one) => ({ ...labels, [key]: one }))]), [{}],
);

test('whatever can be selected has a first witness that is, and what cannot has none', () => {
  fc.assert(fc.property(fc.array(expression, { maxLength: 5 }), (matchExpressions) => {
    const selector = compileSelector({ matchExpressions });
    const found = witnesses(selector);
    expect(found.length > 0).toBe(EVERYTHING.some((labels) => selects(selector, labels)));
    expect(found.slice(0, 1).every((labels) => selects(selector, labels))).toBe(true);
  }));
});
