import * as fc from 'fast-check';
import { ReachParty } from '../../src/manifests/reach';

/** Small worlds: few names, so that selectors often match and policies often meet. */
const NAMESPACES = ['a', 'b'];
const KEYS = ['app', 'tier'];
const VALUES = ['x', 'y'];
const CIDRS = ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '::/0', '2001:db8::/32'];
const EXCEPTS: Record<string, string[]> = {
  '0.0.0.0/0': ['10.0.0.0/8', '10.1.0.0/16', '192.0.2.1/32'],
  '10.0.0.0/8': ['10.1.0.0/16'],
  '10.1.0.0/16': ['10.1.2.3/32'],
  '::/0': ['2001:db8::/32', 'fd00::/8'],
  '2001:db8::/32': ['2001:db8::1/128'],
};
const IPS = { v4: ['10.0.0.1', '10.1.2.3', '192.0.2.1', '8.8.8.8'], v6: ['2001:db8::1', '2001:db8:1::', 'fd00::7'] };
const PORTS = [1, 53, 80, 443];
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 2 });
const requirement = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ key: fc.constantFrom(...KEYS), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selector = fc.record({ matchLabels: labels, matchExpressions: fc.array(requirement, { maxLength: 2 }) }, { requiredKeys: [] });
const namespaceSelector = fc.oneof(
  selector,
  fc.constantFrom(...NAMESPACES).map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
);
const ipBlock = fc.constantFrom(...CIDRS).chain((cidr) => fc.record(
  { cidr: fc.constant(cidr), except: fc.subarray(EXCEPTS[cidr]) }, { requiredKeys: ['cidr'] },
));
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector: selector, namespaceSelector }),
  fc.record({ ipBlock }),
);
const port = fc.oneof(
  fc.record({ protocol: fc.constantFrom(...PROTOCOLS), port: fc.constantFrom<number | string>(...PORTS, 'web', 'dns') }, { requiredKeys: [] }),
  fc.record({ from: fc.constantFrom(...PORTS), more: fc.constantFrom(0, 1, 79) }).map(({ from, more }) => ({ port: from, endPort: from + more })),
);
const ports = fc.array(port, { maxLength: 3 });
const peers = fc.array(peer, { maxLength: 2 });
const ingressRule = fc.record({ from: peers, ports }, { requiredKeys: [] });
const egressRule = fc.record({ to: peers, ports }, { requiredKeys: [] });
const spec = fc.record({
  podSelector: selector,
  policyTypes: fc.subarray(['Ingress', 'Egress']),
  ingress: fc.array(ingressRule, { maxLength: 2 }),
  egress: fc.array(egressRule, { maxLength: 2 }),
}, { requiredKeys: ['podSelector'] });

export type Policy = ReturnType<typeof policyOf>;
const policyOf = (namespace: string | undefined, one: unknown, index = 0) => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: `policy-${index}`, namespace }, spec: one,
});
export const policies = fc.array(fc.tuple(fc.constantFrom(...NAMESPACES), spec), { maxLength: 5 })
  .map((all) => all.map(([namespace, one], index) => policyOf(namespace, one, index)));

/** One more policy that only adds: a rule for a direction that is named. */
export const oneMoreRule = fc.record({ way: fc.constantFrom('ingress', 'egress'), ingressRule, egressRule });

const ips = fc.constantFrom(undefined, [], [IPS.v4[0]], [IPS.v4[1], IPS.v6[0]], [IPS.v6[1]]);
export const pod = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  labels,
  namespaceLabels: labels,
  name: fc.constantFrom(undefined, undefined, 'one', 'two'),
  node: fc.constantFrom(undefined, 'n1', 'n2'),
  hostNetwork: fc.constantFrom(false, false, false, true),
  ips,
  ports: fc.subarray([
    { name: 'web', containerPort: 80 }, { name: 'dns', containerPort: 53, protocol: 'UDP' as const }, { containerPort: 443 },
  ]),
});
const address = fc.record({ ip: fc.constantFrom(...IPS.v4, ...IPS.v6), node: fc.constantFrom(undefined, 'n1') });
export const party: fc.Arbitrary<ReachParty> = fc.oneof({ weight: 3, arbitrary: pod }, { weight: 1, arbitrary: address });
export const askedPort = fc.constantFrom(...PORTS, 54, 81);
export const protocol = fc.constantFrom(...PROTOCOLS);
