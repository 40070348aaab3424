import { defaultDeny, policyFor, PolicyManifest, probePolicyFor, Topology } from '../../src/manifests/network-policy';
import { reachProblems } from '../../src/manifests/reach-proof';
import { mutantsOf } from '../helpers/policy-mutants';
import { broker, egress, endpoint, full, python } from '../helpers/topology';

const control = endpoint('probe');
const subjects = [broker, egress, python];
const world: Topology = { ...full, endpoints: [...subjects, control] };
const namespaces = [...new Set(world.endpoints.map(({ namespace }) => namespace))];
const probing = [policyFor(control, world), ...subjects.map((subject) => probePolicyFor(subject, world))];
const others = [...namespaces.map((namespace) => defaultDeny('p', namespace)), ...subjects.map((subject) => policyFor(subject, world))];

/** What a mutation leaves as it was, by the rules of Kubernetes itself. */
const SAME: readonly [reason: string, same: (mutant: string, spec: PolicyManifest['spec']) => boolean][] = [
  ['TCP is the default protocol', (mutant) => /\.protocol: drop$/.test(mutant)],
  ['the rules say which types a policy has', (mutant) => /^spec\.policyTypes: (drop|empty)$/.test(mutant)],
  ['no type at all means that of the rules, too', (mutant, { policyTypes }) => mutant === 'spec.policyTypes.0: drop' && policyTypes!.length === 1],
  ['the peers are in the namespace of the policy', (mutant) => /\.namespaceSelector: (drop|null)$/.test(mutant)],
  ['the next port is in the same rule already: 8080 and 8081, 15001 to 15003', (mutant, spec) => {
    const [, direction, rule, port] = /^spec\.(ingress|egress)\.(\d+)\.ports\.(\d+): one port more$/.exec(mutant) ?? [];
    const ports = port === undefined ? [] : spec[direction as 'ingress']![Number(rule)].ports!.map((one) => one.port as number);
    return ports.includes(ports[Number(port)] + 1);
  }],
];

function survivors(policy: PolicyManifest): string[] {
  const rest = [...others, ...probing.filter((one) => one !== policy)];
  return mutantsOf(policy)
    .filter(({ value }) => reachProblems([...rest, value], world, namespaces).length === 0)
    .map(({ path, what }) => `${path.join('.')}: ${what}`);
}

test('the policies themselves have no problem', () => {
  expect(reachProblems([...others, ...probing], world, namespaces)).toEqual([]);
});

test.each(probing.map((policy) => [policy.metadata.name, policy] as const))('%s has no mutant that passes, besides those that mean the same', (_, policy) => {
  expect(mutantsOf(policy).length).toBeGreaterThan(30);
  expect(survivors(policy).filter((mutant) => !SAME.some(([, same]) => same(mutant, policy.spec)))).toEqual([]);
});
