import { Reach } from '../../src/manifests/reach';

/* eslint-disable @typescript-eslint/no-explicit-any */

const findings = (spec: any, more: object = {}) => new Reach([
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'one', namespace: 'a' }, spec, ...more },
]).findings;
const peer = (one: any) => findings({ podSelector: {}, ingress: [{ from: [one] }] });
const port = (one: any) => findings({ podSelector: {}, egress: [{ ports: [{ port: 1 }, one] }] });
const P = 'NetworkPolicy a/one';

describe('a policy that cannot be evaluated is a finding that says where', () => {
  test.each<[string, readonly string[], string]>([
    ['an unknown field of the policy', findings({ podSelector: {} }, { extra: 1 }), `${P}.extra is not a known field, allowed are apiVersion, kind, metadata, spec, status`],
    ['an unknown field of the spec', findings({ podSelecter: {} }), `${P}.spec.podSelecter is not a known field, allowed are podSelector, policyTypes, ingress, egress`],
    ['`to` in an ingress rule', findings({ ingress: [{ to: [] }] }), `${P}.spec.ingress[0].to is not a known field, allowed are from, ports`],
    ['an unknown field of a selector', findings({ podSelector: { matchlabels: {} } }), `${P}.spec.podSelector.matchlabels is not a known field, allowed are matchLabels, matchExpressions`],
    ['no spec', findings(undefined), `${P}.spec is missing`],
    ['another kind', findings({}, { kind: 'CiliumNetworkPolicy' }), `${P}.kind must be one of NetworkPolicy, got "CiliumNetworkPolicy"`],
    ['a label that is no string', findings({ podSelector: { matchLabels: { a: 1 } } }), `${P}.spec.podSelector.matchLabels["a"] must be a string, got 1`],
    ['an unknown policy type', findings({ policyTypes: ['ingress'] }), `${P}.spec.policyTypes[0] must be one of Ingress, Egress, got "ingress"`],
    ['rules that are no list', findings({ ingress: {} }), `${P}.spec.ingress must be a list, got {}`],
    ['an empty peer', peer({}), `${P}.spec.ingress[0].from[0] is empty, allowed are podSelector, namespaceSelector and ipBlock`],
    ['a block beside a selector', peer({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }), `${P}.spec.ingress[0].from[0].ipBlock cannot stand beside a selector`],
    ['a bad CIDR', peer({ ipBlock: { cidr: '10.0.0.1/8' } }), `${P}.spec.ingress[0].from[0].ipBlock.cidr: 10.0.0.1/8 has host bits set, the network is 10.0.0.0/8`],
    ['a hole outside its block', peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['192.168.0.0/16'] } }),
      `${P}.spec.ingress[0].from[0].ipBlock.except[0]: except 192.168.0.0/16 is not a part of 10.0.0.0/8, allowed are smaller networks inside it`],
    ['In without values', peer({ podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }),
      `${P}.spec.ingress[0].from[0].podSelector.matchExpressions[0].values must have a member with operator In`],
    ['Exists with values', peer({ podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } }),
      `${P}.spec.ingress[0].from[0].podSelector.matchExpressions[0].values must be empty with operator Exists`],
    ['an unknown operator', peer({ podSelector: { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] } }),
      `${P}.spec.ingress[0].from[0].podSelector.matchExpressions[0].operator must be one of In, NotIn, Exists, DoesNotExist, got "Gt"`],
    ['port 0', port({ port: 0 }), `${P}.spec.egress[0].ports[1].port must be a port from 1 to 65535, got 0`],
    ['a number as text', port({ port: '80' }), `${P}.spec.egress[0].ports[1].port must be a port from 1 to 65535 or the name of one, got "80"`],
    ['a lower-case protocol', port({ protocol: 'tcp' }), `${P}.spec.egress[0].ports[1].protocol must be one of TCP, UDP, SCTP, got "tcp"`],
    ['endPort below port', port({ port: 9, endPort: 8 }), `${P}.spec.egress[0].ports[1].endPort must follow a port number that is not above it, got port 9 and endPort 8`],
    ['endPort after a name', port({ port: 'web', endPort: 80 }), `${P}.spec.egress[0].ports[1].endPort must follow a port number that is not above it, got port "web" and endPort 80`],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual([expected]);
  });

  test.each([[null], ['text'], [[]], [7]])('%j is no policy', (value) => {
    expect(new Reach([value]).findings).toEqual([`policies[0] must be an object, got ${JSON.stringify(value)}`]);
  });

  test('a policy that is there twice', () => {
    const one = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'one' }, spec: {} };
    expect(new Reach([one, one]).findings).toEqual(['NetworkPolicy default/one is there twice, and a cluster keeps only one of them']);
  });

  test('the others still count', () => {
    const good = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'good', namespace: 'a' }, spec: { podSelector: {} } };
    const reach = new Reach([good, { ...good, metadata: { name: 'bad', namespace: 'a' }, spec: { everything: 'open' } }]);
    expect(reach.findings).toHaveLength(1);
    expect(reach.mayReach({ ip: '192.0.2.1' }, { namespace: 'a', labels: {} }, 80).allowed).toBe(false);
  });
});

test.each(['10.0.0', '10.0.0.256', '10.0.0.1/32', 'localhost', '::ffff:1:1', ''])('%j is no address to ask about', (ip) => {
  expect(() => new Reach([]).mayReach({ ip }, { ip: '10.0.0.1' }, 80)).toThrow(`${JSON.stringify(ip)} is not an IPv4 or IPv6 address`);
});
