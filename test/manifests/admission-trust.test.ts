import { admissionPolicies } from '../../src/manifests/admission';

const account = (name: string) => ({ namespace: 'agents', name });
const OPTIONS = { platform: 'p', broker: account('broker'), namespaces: ['team-a'], hardenedPods: false };

function rule(name: string, parts: object = { controller: account('controller'), egress: account('egress') }): any {
  return admissionPolicies({ ...OPTIONS, ...parts }).find(({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name === `p-${name}`)?.spec;
}

test.each([
  ['controller-trust', 'controller', "k == 'bootstrap-jwks.json'", 'the controller may change only the entry bootstrap-jwks.json'],
  ['egress-trust', 'egress', "k == 'proxy-url' || k == 'ca-bundle.pem'", 'the egress proxy may change only the entries proxy-url and ca-bundle.pem'],
])('%s leaves its account its own entries, and no other', (name, who, own, message) => {
  const { matchConditions, validations } = rule(name);
  const [one, other] = ['variables.before', 'variables.after'];
  const kept = (a: string, b: string) => `${a}.all(k, ${own} || (k in ${b} && ${b}[k] == ${a}[k]))`;
  expect(matchConditions.map(({ expression }: any) => expression)).toEqual([
    `request.userInfo.username == 'system:serviceaccount:agents:${who}'`, "request.name == 'agent-trust'",
  ]);
  expect(validations[0]).toEqual({ expression: `${kept(one, other)} && ${kept(other, one)}`, message, reason: 'Forbidden' });
});

test('both roles have the same to leave alone beside the entries', () => {
  const beside = (name: string) => rule(name).validations.slice(1).map(({ expression }: any) => expression);
  expect(beside('egress-trust')).toEqual(beside('controller-trust'));
  expect(beside('egress-trust')).toHaveLength(1);
});

test('the entries of the two have nothing in common', () => {
  const keys = (name: string) => [...rule(name).validations[0].expression.matchAll(/k == '([^']+)'/g)].map(([, key]: RegExpMatchArray) => key);
  expect(keys('egress-trust').filter((key) => keys('controller-trust').includes(key))).toEqual([]);
});

test('without a way out there is no rule about it', () => {
  expect(rule('egress-trust', { controller: account('controller') })).toBeUndefined();
});
