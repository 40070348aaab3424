import fc from 'fast-check';
import { celLiteral } from '../../src/manifests/admission-cel';
import { operatorRules } from '../../src/manifests/admission-operator';
import { RIGHTS } from '../../src/manifests/rbac';
import { runNetworkPolicy } from '../../src/manifests/run-network-policy';
import { runObjects } from '../../src/protocol/runs';

const ACCOUNT = { namespace: 'agents', name: 'operator' };
const rules = operatorRules({ account: ACCOUNT, platform: 'agents', ownImages: ['a'], grantedSecrets: '{}' });
const ruleOf = (name: string) => rules.find((rule) => rule.name === name)!;
const textOf = (name: string) => JSON.stringify(ruleOf(name).validations);

test('every rule is about the operator alone, wherever it has rights', () => {
  for (const { account } of rules) expect(account).toEqual(ACCOUNT);
});

test('every kind that the operator may make, change or delete has a rule, but for what only says something', () => {
  const statements = ['harnesstemplates/status', 'brokerpolicies/status', 'workspaces/status', 'clusterharnesstemplates/status', 'events', 'leases'];
  const changed = RIGHTS.filter(({ role }) => role === 'operator').flatMap(({ resources, verbs }) => resources.flatMap((resource) => (
    verbs.map((verb) => ({ create: 'CREATE', update: 'UPDATE', patch: 'UPDATE', delete: 'DELETE' }[verb])).filter((operation) => operation !== undefined)
      .map((operation) => [resource, operation] as const)))).filter(([resource]) => !statements.includes(resource));
  const held = rules.flatMap(({ resource, operations }) => operations.map((operation) => `${resource} ${operation}`));
  expect(changed.map(([resource, operation]) => `${resource} ${operation}`).filter((change) => !held.includes(change))).toEqual([]);
  expect(changed.length).toBeGreaterThan(8);
});

test('names of objects are those that the operator gives', () => {
  const { credentials, egress, prompt, networkPolicy, workspace } = runObjects('');
  for (const suffix of [credentials, egress, prompt]) expect(textOf('operator-secrets')).toContain(`object.metadata.name == o + '${suffix}'`);
  expect(textOf('operator-network-policies')).toContain(`o + '${networkPolicy}'`);
  expect(textOf('operator-workspaces')).toContain(`o + '${workspace}'`);
});

test('a policy of a run is compared with the one that the operator writes', () => {
  const { egress } = runNetworkPolicy({ platform: 'agents', namespace: 'team-a', run: 'fix', uid: 'u' }).spec;
  expect(ruleOf('operator-network-policies').validations.map(({ expression }) => expression).join('\n')).toContain(celLiteral(egress));
});

test.each(['operator-secrets', 'operator-network-policies'])('what may be changed is looked at as it was before, too: %s', (name) => {
  expect(ruleOf(name).operations).toEqual(['CREATE', 'UPDATE']);
  expect(ruleOf(name).validations[0].expression).toMatch(/variables\.owners\.exists\(.*\) && variables\.before\.exists\(/);
});

test('a pod of a run is one by its owner or by its account, which nobody can take off', () => {
  expect(ruleOf('operator-pod-deletions').validations.map(({ expression }) => expression)).toEqual([
    expect.stringMatching(/^variables\.owners\.exists\(.*\) \|\| \(has\(oldObject\.spec\.serviceAccountName\) && oldObject\.spec\.serviceAccountName == 'agent'\)$/),
  ]);
});

test('without registries no image is refused, with them each container is asked', () => {
  const withRegistries = operatorRules({ account: ACCOUNT, platform: 'agents', ownImages: ['a'], grantedSecrets: '{}', allowedRegistries: ['r.example/'] });
  expect(textOf('operator-pods')).not.toContain('c.image in');
  expect(JSON.stringify(withRegistries[0].validations)).toContain("c.image.startsWith('r.example/')");
});

describe('a literal', () => {
  test.each([
    [['a', 1, true], 'dyn([dyn("a"), dyn(1), dyn(true)])'],
    [{ a: { b: [] } }, 'dyn({"a": dyn({"b": dyn([])})})'],
    [{}, 'dyn({})'],
  ])('of %j is one type all through', (value, text) => {
    expect(celLiteral(value)).toBe(text);
  });

  test('of any text ends where the text ends', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'ab"\'\\\n)') }), (text) => {
      expect(JSON.parse(celLiteral(text).slice('dyn('.length, -1))).toBe(text);
    }));
  });
});
