import fc from 'fast-check';
import { parse } from 'yaml';
import { PLACEHOLDERS, Shortfall, shortfallMessage, shortfallSummary, suggestedPolicy } from '../../../../../sidecar/src/operator/runs/steps/shortfall';
import { policiesFor, RequirementsSpec, Unmet, unmetRequirements } from '../../../../../src/protocol/policy';
import { conditions } from '../../../../../src/protocol/resources/common';
import { problemsWith } from '../../../../../src/protocol/resources/problems';

const MAX_MESSAGE = conditions.items.properties.message.maxLength;

function shortfallOf(requires: RequirementsSpec, more: Partial<Shortfall> = {}): Shortfall {
  return {
    namespace: 'team',
    template: { identity: { name: 'coder', kind: 'HarnessTemplate' }, spec: { requires } },
    unmet: unmetRequirements(requires, []),
    applying: [],
    present: [],
    ...more,
  };
}

function filled(yaml: string, host = 'api.example.com'): any {
  return parse(yaml.replaceAll(PLACEHOLDERS.secret, 'upstream').replaceAll(PLACEHOLDERS.key, 'token').replaceAll(PLACEHOLDERS.host, host));
}

const API = { host: 'api.example.com', ports: [443] };
const FILES = { host: '*.files.example.com', ports: [443, 8443] };

describe('the sentence about what no policy grants', () => {
  test('lists credentials, hosts and ports, and says that there is no policy', () => {
    expect(shortfallSummary(shortfallOf({ credentials: [{ name: 'API_KEY' }], egress: [API, FILES, { host: 'any.example.com' }] }))).toBe(
      "no BrokerPolicy grants the HarnessTemplate 'coder' what it requires: credential 'API_KEY'; egress to 'api.example.com' on port 443; "
      + "egress to '*.files.example.com' on port 443, 8443; egress to 'any.example.com' on any port. Namespace 'team' has no BrokerPolicy",
    );
  });

  test('names the policies that apply, else all that are there', () => {
    const requires = { egress: [API] };
    expect(shortfallSummary(shortfallOf(requires, { applying: ['a', 'b'], present: ['a', 'b', 'c'] }))).toMatch(/\. Policies that apply to it: a, b$/);
    expect(shortfallSummary(shortfallOf(requires, { present: ['b', 'c'] }))).toMatch(/\. None of the policies of namespace 'team' applies to it: b, c$/);
  });

  test('says what a template needs that shadows one of the cluster', () => {
    const template = { identity: { name: 'coder', kind: 'HarnessTemplate', shadows: true }, spec: { requires: { egress: [API] } } } as const;
    expect(shortfallSummary(shortfallOf({ egress: [API] }, { template, present: ['b'] }))).toMatch(/a policy for it must list HarnessTemplate in templateKinds$/);
  });

  test('does not list more than ten of anything', () => {
    const credentials = Array.from({ length: 13 }, (_, index) => ({ name: `KEY_${index}` }));
    const summary = shortfallSummary(shortfallOf({ credentials }, { present: Array.from({ length: 12 }, (_, index) => `p${index}`) }));
    expect(summary).toContain("credential 'KEY_9' and 3 more. ");
    expect(summary).toMatch(/p9 and 2 more$/);
    expect(summary).not.toContain('KEY_10');
  });
});

describe('the policy to paste', () => {
  test('grants what is missing to this template alone', () => {
    expect(suggestedPolicy(shortfallOf({ credentials: [{ name: 'API_KEY' }], egress: [API] }))).toBe([
      'apiVersion: paddock.dev/v1alpha1',
      'kind: BrokerPolicy',
      'metadata:',
      '  name: coder-grants',
      '  namespace: team',
      'spec:',
      '  appliesToTemplates:',
      '    - coder',
      '  templateKinds:',
      '    - HarnessTemplate',
      '  grants:',
      '    credentials:',
      '      # Where the credential is, which hosts get it and how they want it; the agent holds a surrogate.',
      '      # Other kinds of provider: AnthropicAPI, GitHubApp, PATPool, AWSAccessKey.',
      '      - name: API_KEY',
      '        provider:',
      '          kind: UserSuppliedSecret',
      '          secretRef:',
      "            name: '<secret>'",
      "            key: '<key>'",
      '          deliveryMode:',
      '            proxyInjected:',
      '              hosts:',
      '                - api.example.com',
      '              header:',
      '                name: Authorization',
      '                valuePrefix: "Bearer "',
      '    egress:',
      '      - host: api.example.com',
      '        ports: [ 443 ]',
      '',
    ].join('\n'));
  });

  test('follows the sentence in the message', () => {
    const shortfall = shortfallOf({ egress: [API] });
    expect(shortfallMessage(shortfall)).toBe(`${shortfallSummary(shortfall)}. This would grant it, with every <...> filled in:\n\n${suggestedPolicy(shortfall)}`);
  });

  test('guesses no host where a credential may be for several', () => {
    const yaml = suggestedPolicy(shortfallOf({ credentials: [{ name: 'API_KEY' }], egress: [API, FILES] }));
    expect(parse(yaml).spec.grants.credentials[0].provider.deliveryMode.proxyInjected.hosts).toEqual([PLACEHOLDERS.host]);
    expect(problemsWith('BrokerPolicy', filled(yaml))).toEqual([]);
  });

  test('has a place for the host of a template that names none', () => {
    const yaml = suggestedPolicy(shortfallOf({ credentials: [{ name: 'API_KEY' }] }));
    expect(parse(yaml).spec.grants.egress).toEqual([{ host: PLACEHOLDERS.host, ports: [443] }]);
    expect(problemsWith('BrokerPolicy', filled(yaml))).toEqual([]);
  });

  test('lets out to the hosts of its credentials although another policy does, and to no other host that is granted', () => {
    const requires = { credentials: [{ name: 'API_KEY' }], egress: [API] };
    expect(parse(suggestedPolicy(shortfallOf(requires, { unmet: { credentials: ['API_KEY'], egress: [] } }))).spec.grants.egress).toEqual([API]);
    const some = { egress: [API, FILES] };
    const missing = [{ host: FILES.host, ports: [8443] }];
    expect(parse(suggestedPolicy(shortfallOf(some, { unmet: { credentials: [], egress: missing } }))).spec.grants).toEqual({ egress: missing });
  });

  test('is refused by the API server while a placeholder is left', () => {
    const yaml = suggestedPolicy(shortfallOf({ credentials: [{ name: 'API_KEY' }], egress: [API] }));
    expect(problemsWith('BrokerPolicy', parse(yaml)).join()).toContain('secretRef');
  });

  test('does not take the name of a policy that is there', () => {
    const yaml = suggestedPolicy(shortfallOf({ egress: [API] }, { present: ['coder-grants', 'coder-grants-2'] }));
    expect(parse(yaml).metadata.name).toBe('coder-grants-3');
  });
});

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const host = fc.tuple(fc.constantFrom('', '*.'), label).map(([star, name]) => `${star}${name}.example.com`);
const requirements: fc.Arbitrary<RequirementsSpec> = fc.record({
  credentials: fc.uniqueArray(fc.stringMatching(/^KEY_[A-Z0-9]{1,6}$/).map((name) => ({ name })), { selector: ({ name }) => name, maxLength: 16 }),
  egress: fc.array(fc.record({ host, ports: fc.uniqueArray(fc.integer({ min: 0, max: 65_535 }), { maxLength: 4 }) }), { maxLength: 24 }),
});

test('filled in, it is a policy that grants everything which is missing', () => {
  fc.assert(fc.property(requirements, (requires) => {
    const shortfall = shortfallOf(requires);
    fc.pre(shortfall.unmet.credentials.length + shortfall.unmet.egress.length > 0);
    const policy = filled(suggestedPolicy(shortfall), requires.egress?.[0]?.host ?? 'api.example.com');
    expect(problemsWith('BrokerPolicy', policy)).toEqual([]);
    const applying = policiesFor([{ name: policy.metadata.name, spec: policy.spec }], { name: 'coder', kind: 'HarnessTemplate', shadows: true });
    expect(unmetRequirements(requires, applying)).toEqual({ credentials: [], egress: [] });
  }), { numRuns: 200 });
});

test('the longest message fits into a condition, and the rest comes once its policy is there', () => {
  const long = (text: string, index: number) => `${text}${index}`.padEnd(253, 'a');
  const requires = {
    credentials: Array.from({ length: 64 }, (_, index) => ({ name: long('KEY', index) })),
    egress: Array.from({ length: 128 }, (_, index) => ({ host: `*.${`h${index}`.padEnd(59, 'a')}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}`, ports: Array.from({ length: 32 }, (__, port) => 60_000 + port) })),
  };
  const present = Array.from({ length: 20 }, (_, index) => long('p', index));
  const open = ({ credentials, egress }: Unmet) => credentials.length + egress.length > 0;
  let granted: { name: string; spec: any }[] = [];
  let rounds = 0;
  for (let unmet = unmetRequirements(requires, []); open(unmet); unmet = unmetRequirements(requires, granted)) {
    const shortfall = shortfallOf(requires, { unmet, present });
    expect(shortfallMessage(shortfall).length).toBeLessThan(MAX_MESSAGE);
    const policy = filled(suggestedPolicy(shortfall), requires.egress[0].host);
    expect(problemsWith('BrokerPolicy', policy)).toEqual([]);
    granted = [...granted, { name: `p${granted.length}`, spec: policy.spec }];
    rounds += 1;
    if (rounds > 10) throw new Error('it does not end');
  }
  expect(rounds).toBe(9);
});
