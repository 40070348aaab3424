import { Reach, ReachParty, ReachPod } from '../../src/manifests/reach';

/* eslint-disable @typescript-eslint/no-explicit-any */

const policy = (spec: any, name = 'one', namespace = 'a') => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec });
const pod = (labels = {}, more: Partial<ReachPod> = {}): ReachPod => ({ namespace: 'a', labels, ...more });
const ingress = (...rules: any[]) => policy({ podSelector: {}, policyTypes: ['Ingress'], ingress: rules });
const egress = (...rules: any[]) => policy({ podSelector: {}, policyTypes: ['Egress'], egress: rules });
const allows = (one: any, from: ReachParty, to: ReachParty, port = 80, protocol: any = 'TCP') => {
  const reach = new Reach([one]);
  expect(reach.findings).toEqual([]);
  return reach.mayReach(from, to, port, protocol).allowed;
};
const web = pod({ app: 'web' });
const db = pod({ app: 'db' });
const elsewhere = pod({ app: 'web' }, { namespace: 'b' });

describe('isolation', () => {
  test('a pod that no policy selects is open in both directions', () => {
    expect(new Reach([policy({ podSelector: { matchLabels: { app: 'other' } } })]).mayReach(web, db, 80)).toEqual({
      allowed: true,
      egress: { open: true, because: 'not-isolated', policies: [] },
      ingress: { open: true, because: 'not-isolated', policies: [] },
    });
  });

  test('both ends have to agree, and each names the policies that decide', () => {
    const out = policy({ podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] }, 'out');
    const closed = policy({ podSelector: { matchLabels: { app: 'db' } } }, 'closed');
    expect(new Reach([out, closed]).mayReach(web, db, 80)).toEqual({
      allowed: false,
      egress: { open: true, because: 'rule', policies: ['a/out'] },
      ingress: { open: false, because: 'closed', policies: ['a/closed'] },
    });
  });

  test.each<[string, any, boolean, boolean]>([
    ['no types and no rules', {}, false, true],
    ['no types and egress rules', { egress: [{}] }, false, true],
    ['no types and an empty list of egress rules', { egress: [] }, false, true],
    ['an empty list of types', { policyTypes: [] }, false, true],
    ['null types', { policyTypes: null, ingress: null }, false, true],
    ['Egress alone', { policyTypes: ['Egress'] }, true, false],
    ['Egress alone with ingress rules, which then mean nothing', { policyTypes: ['Egress'], ingress: [{ from: [{ podSelector: { matchLabels: { x: 'y' } } }] }] }, true, false],
    ['both types', { policyTypes: ['Ingress', 'Egress'] }, false, false],
  ])('%s: others may come in is %s', (_, spec, comesIn, goesOut) => {
    const one = policy({ podSelector: {}, ...spec });
    expect([allows(one, elsewhere, web), allows(one, web, elsewhere)]).toEqual([comesIn, goesOut]);
  });

  test('a policy acts in its own namespace only', () => {
    expect(allows(policy({ podSelector: {} }, 'one', 'b'), elsewhere, web)).toBe(true);
  });
});

describe('peers', () => {
  test.each<[string, any, boolean, boolean, boolean]>([
    ['no peers', {}, true, true, true],
    ['an empty list of peers', { from: [] }, true, true, true],
    ['pods of this namespace', { from: [{ podSelector: {} }] }, true, false, false],
    ['every namespace', { from: [{ namespaceSelector: {} }] }, true, true, false],
    ['a namespace by name', { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'b' } } }] }, false, true, false],
    ['both selectors at once', { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'db' } } }] }, false, false, false],
    ['two peers', { from: [{ namespaceSelector: {} }, { podSelector: { matchLabels: { app: 'db' } } }] }, true, true, false],
    ['every address', { from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }, false, false, true],
  ])('%s', (_, rule, same, other, outside) => {
    expect([web, elsewhere, { ip: '192.0.2.1' }].map((from) => allows(ingress(rule), from, db))).toEqual([same, other, outside]);
  });

  test.each<[string, any, any[]]>([
    ['In', { operator: 'In', values: ['web', 'db'] }, [true, false, false]],
    ['NotIn, which also matches pods without the label', { operator: 'NotIn', values: ['web'] }, [false, true, true]],
    ['Exists', { operator: 'Exists' }, [true, true, false]],
    ['DoesNotExist', { operator: 'DoesNotExist' }, [false, false, true]],
  ])('operator %s', (_, requirement, expected) => {
    const rule = { from: [{ podSelector: { matchExpressions: [{ key: 'app', ...requirement }] } }] };
    expect([web, pod({ app: 'cache' }), pod()].map((from) => allows(ingress(rule), from, db))).toEqual(expected);
  });

  test.each<[string, boolean]>([
    ['10.0.0.0', true], ['10.1.255.255', true], ['10.2.0.0', false], ['10.2.255.255', false], ['10.3.0.0', true], ['11.0.0.0', false], ['fd00::1', false],
  ])('a block with a hole: %s is %s', (ip, allowed) => {
    expect(allows(egress({ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.2.0.0/16'] } }] }), web, { ip })).toBe(allowed);
  });

  test('a block matches pods by their addresses, where these are known', () => {
    const rule = egress({ to: [{ ipBlock: { cidr: '2001:db8::/32' } }] });
    const ofPod = (ips?: string[]) => allows(rule, web, pod({}, { ...(ips === undefined ? {} : { ips }) }));
    expect([ofPod(['10.0.0.1', '2001:db8::5']), ofPod(['10.0.0.1']), ofPod()]).toEqual([true, false, false]);
  });

  test('an address of the other family is out of reach even without policies', () => {
    expect(new Reach([]).mayReach(pod({}, { ips: ['10.0.0.1'] }), { ip: 'fd00::1' }, 80)).toMatchObject({ allowed: false, egress: { because: 'no-common-family' } });
  });
});

describe('ports', () => {
  test.each<[string, any, [number, string][], [number, string][]]>([
    ['none', {}, [[1, 'TCP'], [65_535, 'SCTP']], []],
    ['an empty list', { ports: [] }, [[1, 'UDP']], []],
    ['an entry without port', { ports: [{ protocol: 'UDP' }] }, [[1, 'UDP'], [65_535, 'UDP']], [[1, 'TCP']]],
    ['an empty entry', { ports: [{}] }, [[1, 'TCP']], [[1, 'UDP']]],
    ['a number', { ports: [{ port: 80 }] }, [[80, 'TCP']], [[80, 'UDP'], [81, 'TCP'], [79, 'TCP']]],
    ['a range', { ports: [{ port: 80, endPort: 90 }] }, [[80, 'TCP'], [90, 'TCP']], [[79, 'TCP'], [91, 'TCP']]],
    ['SCTP', { ports: [{ port: 80, protocol: 'SCTP' }] }, [[80, 'SCTP']], [[80, 'TCP']]],
    ['a name', { ports: [{ port: 'metrics' }] }, [[9090, 'TCP']], [[9090, 'UDP'], [80, 'TCP']]],
    ['a name of another protocol', { ports: [{ port: 'dns', protocol: 'TCP' }] }, [], [[53, 'TCP'], [53, 'UDP']]],
  ])('%s', (_, rule, open, closed) => {
    const to = pod({}, { ports: [{ name: 'metrics', containerPort: 9090 }, { name: 'dns', containerPort: 53, protocol: 'UDP' }] });
    for (const one of [ingress(rule), egress(rule)]) {
      expect(open.filter(([port, over]) => !allows(one, web, to, port, over))).toEqual([]);
      expect(closed.filter(([port, over]) => allows(one, web, to, port, over))).toEqual([]);
    }
  });

  test('a name means nothing at an address outside', () => {
    expect(allows(egress({ ports: [{ port: 'metrics' }] }), web, { ip: '192.0.2.1' }, 9090)).toBe(false);
  });
});

describe('what policies never stop', () => {
  const closed = policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  const named = pod({}, { name: 'one', node: 'n1' });

  test('a pod and itself, but not a pod of the same labels or the same name elsewhere', () => {
    expect(allows(closed, named, { ...named })).toBe(true);
    expect(allows(closed, named, { ...named, name: 'two' })).toBe(false);
    expect(allows(closed, named, { ...named, namespace: 'b' })).toBe(false);
    expect(allows(closed, pod(), pod())).toBe(false);
  });

  test('a pod and its node, by address or in the network of the node, but not another node', () => {
    expect(allows(closed, { ip: '192.168.0.1', node: 'n1' }, named)).toBe(true);
    expect(allows(closed, named, pod({}, { hostNetwork: true, node: 'n1' }))).toBe(true);
    expect(allows(closed, { ip: '192.168.0.2', node: 'n2' }, named)).toBe(false);
    expect(allows(closed, { ip: '192.168.0.2' }, pod())).toBe(false);
  });

  test('a pod in the network of its node, which no selector sees', () => {
    const host = pod({ app: 'web' }, { hostNetwork: true });
    expect(allows(closed, host, { ip: '192.0.2.1' })).toBe(true);
    expect(allows(ingress({ from: [{ podSelector: {} }] }), host, db)).toBe(false);
  });
});
