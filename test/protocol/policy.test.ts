import * as fc from 'fast-check';
import {
  credentialGrant, CredentialGrantSpec, egressGrant, egressGrants, isSameTemplate, NamedPolicy, policiesFor, secretNames, TemplateIdentity,
  unmetRequirements,
} from '../../src/protocol/policy';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function secretCredential(name: string, secret: string): CredentialGrantSpec {
  return { name, provider: { kind: 'AnthropicAPI', secretRef: { name: secret, key: 'key' } } };
}

function policy(name: string, grants: NamedPolicy['spec']['grants'] = {}, more: Partial<NamedPolicy['spec']> = {}): NamedPolicy {
  return { name, spec: { appliesToTemplates: ['*'], grants, ...more } };
}

describe('policiesFor', () => {
  const names = (policies: readonly NamedPolicy[]) => policies.map(({ name }) => name);

  test('keeps the policies whose selectors cover the template, sorted by name', () => {
    const policies = [policy('c'), policy('b', {}, { appliesToTemplates: ['other'] }), policy('a', {}, { appliesToTemplates: ['x', 'code*'] })];
    expect(names(policiesFor(policies, { name: 'coder', kind: 'HarnessTemplate' }))).toEqual(['a', 'c']);
  });

  test('drops a policy for another kind of template', () => {
    const pinned = policy('a', {}, { templateKinds: ['ClusterHarnessTemplate'] });
    expect(policiesFor([pinned], { name: 'coder', kind: 'HarnessTemplate' })).toEqual([]);
    expect(names(policiesFor([pinned], { name: 'coder', kind: 'ClusterHarnessTemplate' }))).toEqual(['a']);
  });

  test('gives a namespaced template that shadows a cluster template nothing', () => {
    expect(policiesFor([policy('a')], { name: 'coder', kind: 'HarnessTemplate', shadows: true })).toEqual([]);
  });

  test('gives a shadowing template what a policy names its kind for', () => {
    const named = policy('a', {}, { templateKinds: ['HarnessTemplate'] });
    expect(names(policiesFor([named], { name: 'coder', kind: 'HarnessTemplate', shadows: true }))).toEqual(['a']);
  });

  test('keeps the cluster template that is shadowed', () => {
    expect(names(policiesFor([policy('a')], { name: 'coder', kind: 'ClusterHarnessTemplate', shadows: true }))).toEqual(['a']);
  });

  test('drops a policy pinned to another image', () => {
    const pinned = policy('a', {}, { imageDigests: [DIGEST] });
    expect(policiesFor([pinned], { name: 'coder', kind: 'HarnessTemplate', imageDigest: `sha256:${'b'.repeat(64)}` })).toEqual([]);
    expect(names(policiesFor([pinned], { name: 'coder', kind: 'HarnessTemplate', imageDigest: DIGEST }))).toEqual(['a']);
  });

  test('drops a pinned policy when the template does not pin its image', () => {
    expect(policiesFor([policy('a', {}, { imageDigests: [DIGEST] })], { name: 'coder', kind: 'HarnessTemplate' })).toEqual([]);
  });
});

describe('credentialGrant', () => {
  // broker-facts 12.14: the answer followed the order of an informer's map and so changed from call to call.
  test('answers from the policy whose name sorts first, in whatever order policies arrive', () => {
    const [a, b] = [policy('a', { credentials: [secretCredential('KEY', 'one')] }), policy('b', { credentials: [secretCredential('KEY', 'two')] })];
    expect(credentialGrant([b, a], 'KEY')).toEqual({ policy: 'a', grant: secretCredential('KEY', 'one') });
    expect(credentialGrant([a, b], 'KEY')).toEqual(credentialGrant([b, a], 'KEY'));
  });

  test('answers nothing for a name that no policy grants', () => {
    expect(credentialGrant([policy('a', { credentials: [secretCredential('KEY', 'one')] }), policy('b')], 'OTHER')).toBeUndefined();
  });
});

describe('egressGrant', () => {
  const policies = [
    policy('b', { egress: [{ host: 'api.example.com' }] }),
    policy('a', { egress: [{ host: '*.example.com', ports: [443] }, { host: 'any.example.org', ports: [0] }] }),
  ];

  test('answers from the policy whose name sorts first', () => {
    expect(egressGrant(policies, 'api.example.com', 443)?.policy).toBe('a');
    expect(egressGrant(policies, 'api.example.com', 80)?.policy).toBe('b');
  });

  test('takes port 0 of a grant for every port', () => {
    expect(egressGrant(policies, 'any.example.org', 8080)?.policy).toBe('a');
  });

  test('does not take a wildcard for its apex', () => {
    expect(egressGrant(policies, 'example.com', 443)).toBeUndefined();
  });

  test('answers nothing for a port that is not granted', () => {
    expect(egressGrant(policies, 'www.example.com', 80)).toBeUndefined();
  });

  test('a request may be covered by any of several grants for its host', () => {
    const read = policy('a', { egress: [{ host: 'h.example.com', methods: ['GET'] }] });
    const write = policy('b', { egress: [{ host: '*.example.com', methods: ['POST'] }] });
    expect(egressGrants([write, read], 'h.example.com', 443).map(({ policy: name, grant }) => [name, grant.methods])).toEqual([['a', ['GET']], ['b', ['POST']]]);
  });
});

describe('unmetRequirements', () => {
  const policies = [policy('a', { credentials: [secretCredential('KEY', 'one')], egress: [{ host: 'h.example.com', ports: [443] }, { host: 'any.example.com' }] })];

  test('finds nothing missing in an empty list of requirements', () => {
    expect(unmetRequirements(undefined, [])).toEqual({ credentials: [], egress: [] });
    expect(unmetRequirements({}, policies)).toEqual({ credentials: [], egress: [] });
  });

  test('accepts what the policies grant', () => {
    const requires = { credentials: [{ name: 'KEY' }], egress: [{ host: 'h.example.com', ports: [443] }, { host: 'any.example.com' }] };
    expect(unmetRequirements(requires, policies)).toEqual({ credentials: [], egress: [] });
  });

  test('names the credential and the host that no policy grants', () => {
    const requires = { credentials: [{ name: 'KEY' }, { name: 'OTHER' }], egress: [{ host: 'x.example.com', ports: [443] }] };
    expect(unmetRequirements(requires, policies)).toEqual({ credentials: ['OTHER'], egress: [{ host: 'x.example.com', ports: [443] }] });
  });

  test('names only the ports that are missing', () => {
    expect(unmetRequirements({ egress: [{ host: 'h.example.com', ports: [443, 8443] }] }, policies).egress).toEqual([{ host: 'h.example.com', ports: [8443] }]);
  });

  test.each([[undefined], [[]], [[0]], [[443, 0]]])('a requirement of ports %j is not met by a grant of one port', (ports) => {
    expect(unmetRequirements({ egress: [{ host: 'h.example.com', ports }] }, policies).egress).toEqual([{ host: 'h.example.com', ports: [] }]);
  });

  test('two policies may grant a port each', () => {
    const two = [policy('a', { egress: [{ host: 'h.example.com', ports: [80] }] }), policy('b', { egress: [{ host: '*.example.com', ports: [443] }] })];
    expect(unmetRequirements({ egress: [{ host: 'h.example.com', ports: [80, 443] }] }, two).egress).toEqual([]);
  });

  test('a required wildcard is met by the same or a wider wildcard, not by a host below it', () => {
    const granting = (host: string) => [policy('a', { egress: [{ host }] })];
    const missing = (host: string) => unmetRequirements({ egress: [{ host: '*.a.example.com' }] }, granting(host)).egress.length;
    expect([missing('*.a.example.com'), missing('*.example.com'), missing('b.a.example.com')]).toEqual([0, 0, 1]);
  });
});

describe('templates are the same', () => {
  const identity: fc.Arbitrary<TemplateIdentity> = fc.record({
    name: fc.constantFrom('coder', 'other'),
    kind: fc.constantFrom('HarnessTemplate' as const, 'ClusterHarnessTemplate' as const),
    imageDigest: fc.constantFrom(DIGEST, `sha256:${'b'.repeat(64)}`, undefined),
    shadows: fc.constantFrom(true, false, undefined),
  });

  test('only when every policy applies to both or to neither', () => {
    const policies = ['coder', 'other'].flatMap((name) => [undefined, ['HarnessTemplate' as const], ['ClusterHarnessTemplate' as const]].flatMap(
      (templateKinds) => [undefined, [DIGEST], [`sha256:${'b'.repeat(64)}`]].map((imageDigests, at) => policy(`${name}-${templateKinds}-${at}`, {}, { appliesToTemplates: [name], templateKinds, imageDigests })),
    ));
    fc.assert(fc.property(identity, identity, (one, other) => {
      if (isSameTemplate(one, other)) expect(policiesFor(policies, one)).toEqual(policiesFor(policies, other));
      else expect({ ...one, shadows: one.shadows === true }).not.toEqual({ ...other, shadows: other.shadows === true });
    }));
  });

  test('whether the shadow is left out or denied', () => {
    expect(isSameTemplate({ name: 'coder', kind: 'HarnessTemplate' }, { name: 'coder', kind: 'HarnessTemplate', shadows: false })).toBe(true);
  });
});

test('secretNames lists every Secret of a policy once, sorted', () => {
  const credentials = [secretCredential('B', 'two'), secretCredential('A', 'one'), secretCredential('C', 'two')];
  expect(secretNames(policy('a', { credentials }).spec)).toEqual(['one', 'two']);
  expect(secretNames(policy('a').spec)).toEqual([]);
});

describe('for all policies', () => {
  const hosts = ['a.example.com', 'b.example.com', '*.example.com', '*.com', 'example.com'];
  const egress = fc.record({ host: fc.constantFrom(...hosts), ports: fc.option(fc.uniqueArray(fc.constantFrom(0, 80, 443)), { nil: undefined }) });
  const credential = fc.record({ name: fc.constantFrom('A', 'B'), secret: fc.constantFrom('s1', 's2') })
    .map(({ name, secret }) => secretCredential(name, secret));
  const spec = fc.record({
    appliesToTemplates: fc.array(fc.constantFrom('*', 'coder', 'c*', '[a-b]*', '['), { minLength: 1, maxLength: 2 }),
    templateKinds: fc.constantFrom(undefined, ['HarnessTemplate' as const], ['ClusterHarnessTemplate' as const]),
    imageDigests: fc.constantFrom(undefined, [DIGEST]),
    grants: fc.record({ credentials: fc.array(credential, { maxLength: 3 }), egress: fc.array(egress, { maxLength: 3 }) }),
  });
  const named = fc.record({ name: fc.constantFrom('p', 'q', 'r', 's', 't'), spec });
  const policies = fc.uniqueArray(named, { selector: ({ name }) => name, maxLength: 5 });
  const template = fc.record({
    name: fc.constantFrom('coder', 'bot'),
    kind: fc.constantFrom('HarnessTemplate' as const, 'ClusterHarnessTemplate' as const),
    imageDigest: fc.constantFrom(undefined, DIGEST),
    shadows: fc.boolean(),
  });
  const connection = fc.record({ host: fc.constantFrom('a.example.com', 'example.com', 'x.com'), port: fc.constantFrom(80, 443) });

  test('their order never changes an answer', () => {
    const shuffled = policies.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    fc.assert(fc.property(shuffled, template, connection, ([list, other], identity, { host, port }) => {
      const [mine, theirs] = [policiesFor(list, identity), policiesFor(other, identity)];
      expect(theirs).toEqual(mine);
      expect(credentialGrant(other, 'A')).toEqual(credentialGrant(list, 'A'));
      expect(egressGrant(other, host, port)).toEqual(egressGrant(list, host, port));
      expect(egressGrants(other, host, port)).toEqual(egressGrants(list, host, port));
    }));
  });

  test('one more never takes a grant away', () => {
    fc.assert(fc.property(policies, spec, template, connection, (list, added, identity, { host, port }) => {
      const [before, after] = [list, [{ name: 'a-new-one', spec: added }, ...list]].map((all) => policiesFor(all, identity));
      expect(after).toEqual(expect.arrayContaining(before));
      if (credentialGrant(before, 'A') !== undefined) expect(credentialGrant(after, 'A')).toBeDefined();
      if (egressGrant(before, host, port) !== undefined) expect(egressGrant(after, host, port)).toBeDefined();
      const requires = { credentials: [{ name: 'A' }], egress: [{ host, ports: [port] }] };
      expect(unmetRequirements(requires, before).credentials).toEqual(expect.arrayContaining([...unmetRequirements(requires, after).credentials]));
    }));
  });

  test('a connection is granted exactly when a required one would be met', () => {
    fc.assert(fc.property(policies, connection, (list, { host, port }) => {
      const unmet = unmetRequirements({ egress: [{ host, ports: [port] }] }, list).egress.length;
      expect(unmet).toBe(egressGrant(list, host, port) === undefined ? 1 : 0);
    }));
  });
});
