import { Mutant, mutants } from './json-mutations';
import { full } from './topology';
import { defaultDeny, policyFor, PolicyManifest } from '../../src/manifests/network-policy';
import { reachProblems } from '../../src/manifests/reach-proof';

export const namespaces = [...new Set(full.endpoints.map(({ namespace }) => namespace))];
export const policies = [...namespaces.map((namespace) => defaultDeny('p', namespace)), ...full.endpoints.map((endpoint) => policyFor(endpoint, full))];

/** What a mutation leaves as it was, by the rules of Kubernetes itself. No proof can tell these apart. */
const SAME: { reason: string; holds: (mutant: Mutant, policy: PolicyManifest) => boolean }[] = [
  {
    reason: 'TCP is the default protocol',
    holds: ({ path, what }) => path.at(-1) === 'protocol' && what === 'drop',
  },
  {
    reason: 'a policy with egress rules has both types by default',
    holds: ({ path, what }, { spec }) => path.at(-1) === 'policyTypes' && ['drop', 'empty'].includes(what) && spec.egress !== undefined,
  },
  {
    reason: 'a missing pod selector selects every pod, as an empty one does',
    holds: ({ path, what }, { spec }) => path.join('.') === 'spec.podSelector' && ['drop', 'empty', 'null'].includes(what)
      && Object.keys(spec.podSelector).length === 0,
  },
  {
    reason: 'a peer without namespace selector is in the namespace of the policy, where this one is anyway',
    holds: ({ path, what }, { spec, metadata }) => path.at(-1) === 'namespaceSelector' && ['drop', 'null'].includes(what)
      && at(spec, path.slice(1)).matchLabels['kubernetes.io/metadata.name'] === metadata.namespace,
  },
  {
    reason: 'the next port is open to the same peers already: 15001 and 15002 stand together, and who may reach them may knock at 15003',
    holds: ({ path, what }, { spec }) => what === 'one port more'
      && (at(spec, path.slice(1)).port === 15_001 || (at(spec, path.slice(1)).port === 15_002 && path[1] === 'ingress')),
  },
  {
    reason: '224.0.0.0/4 and 240.0.0.0/4 are both cut out, and twice either is the two of them',
    holds: ({ path, what }, { spec }) => what === 'twice as much' && ['224.0.0.0/4', '240.0.0.0/4'].includes(at(spec, path.slice(1))),
  },
];

// eslint-disable-next-line @typescript-eslint/no-explicit-any
const at = (value: unknown, path: Mutant['path']): any => path.reduce((one: any, key) => one[key], value);

/** Only what has a meaning on the network: the name and the labels of a policy have none. */
export function mutantsOf(policy: PolicyManifest): Mutant[] {
  return mutants(policy).filter(({ path }) => path[0] !== 'metadata' || path[1] === 'namespace' || path.length === 1);
}

export const without = (policy: unknown) => policies.filter((one) => one !== policy);

/** All mutants of a policy, and those that nothing tells from it though they mean something else. */
export function judged(policy: PolicyManifest): { all: number; unexplained: string[] } {
  const all = mutantsOf(policy);
  const survivors = all.filter(({ value }) => reachProblems([...without(policy), value], full, namespaces).length === 0);
  const unexplained = survivors.filter((mutant) => !SAME.some(({ holds }) => holds(mutant, policy)));
  return { all: all.length, unexplained: unexplained.map(({ path, what }) => `${path.join('.')}: ${what}`) };
}

const FIRST = ['allow-broker', 'allow-controller', 'allow-egress'];
const named = policies.map((policy): [string, PolicyManifest] => [`${policy.metadata.namespace}/${policy.metadata.name}`, policy]);

/** Two shares of about the same number of mutants, for two test files that run side by side. Whatever is new joins the second. */
export const SHARES = [
  named.filter(([, { metadata }]) => FIRST.includes(metadata.name)),
  named.filter(([, { metadata }]) => !FIRST.includes(metadata.name)),
] as const;
