import { coverageProblems } from '../../src/private/coverage';
import { Coverage, CoveredRun, CoveredTemplate } from '../../src/private/covered';
import { NamedPolicy } from '../../src/protocol/policy';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const NEEDY = { image: 'x', command: ['/x'], requires: { credentials: [{ name: 'KEY' }], egress: [{ host: 'api.example.com', ports: [443] }] } };

function policy(name: string, spec: Partial<NamedPolicy['spec']> = {}): NamedPolicy {
  return { name, spec: { appliesToTemplates: ['*'], grants: {}, ...spec } };
}

const GRANTING = policy('granting', {
  grants: {
    credentials: [{ name: 'KEY', provider: { kind: 'AnthropicAPI', secretRef: { name: 'provider', key: 'k' }, hosts: ['api.example.com'] } }],
    egress: [{ host: '*.example.com', ports: [443] }],
  },
});

const namespaced = (more: Partial<CoveredTemplate> = {}): CoveredTemplate => ({ name: 'coder', kind: 'HarnessTemplate', spec: NEEDY, ...more });
const cluster = (more: Partial<CoveredTemplate> = {}): CoveredTemplate => ({ ...namespaced(more), kind: 'ClusterHarnessTemplate' });

function runOf(template: CoveredTemplate, spec: Partial<CoveredRun['spec']> = {}): CoveredRun {
  const { name: templateName, kind: templateKind } = template;
  return { name: 'run', templateName, templateKind, spec: { templateRef: { name: templateName, kind: templateKind }, ...spec } };
}

function messages(coverage: Partial<Coverage>): string[] {
  return coverageProblems({ policies: [], templates: [], runs: [], ...coverage }).map(({ subject, message }) => `${subject}: ${message}`);
}

describe('a template of the namespace', () => {
  test('is fine when the policies that apply grant what it requires', () => {
    expect(messages({ policies: [GRANTING], templates: [namespaced()] })).toEqual([]);
  });

  test('is fine when two policies together grant it', () => {
    const { credentials, egress } = GRANTING.spec.grants;
    expect(messages({ policies: [policy('a', { grants: { credentials } }), policy('b', { grants: { egress } })], templates: [namespaced()] })).toEqual([]);
  });

  test('is reported with everything it requires and no policy grants', () => {
    expect(messages({ templates: [namespaced()] })).toEqual([
      "HarnessTemplate 'coder': required credential 'KEY' must be granted; no BrokerPolicy of this app applies to the HarnessTemplate 'coder'",
      "HarnessTemplate 'coder': required egress to 'api.example.com' on port 443 must be granted; no BrokerPolicy of this app applies to the HarnessTemplate 'coder'",
    ]);
  });

  test('is reported with the policies that were considered, and under the path of its construct', () => {
    const spec = { ...NEEDY, requires: { egress: [{ host: 'api.example.com' }] } };
    expect(messages({ policies: [policy('z'), GRANTING], templates: [namespaced({ spec, path: 'app/coder' })] })).toEqual([
      "app/coder: required egress to 'api.example.com' on any port must be granted; policies that apply to the HarnessTemplate 'coder': granting, z",
    ]);
  });

  test('is reported when the granting policy is for other templates', () => {
    const others: Partial<NamedPolicy['spec']>[] = [{ appliesToTemplates: ['bot'] }, { templateKinds: ['ClusterHarnessTemplate'] }, { imageDigests: [DIGEST] }];
    for (const spec of others) {
      expect(messages({ policies: [{ ...GRANTING, spec: { ...GRANTING.spec, ...spec } }], templates: [namespaced()] })).toHaveLength(2);
    }
  });

  test('may use a policy that is pinned to its image', () => {
    const pinned = { ...GRANTING, spec: { ...GRANTING.spec, imageDigests: [DIGEST] } };
    expect(messages({ policies: [pinned], templates: [namespaced({ spec: { ...NEEDY, image: `x@${DIGEST}` } })] })).toEqual([]);
  });

  test('requires what its base template requires', () => {
    const child = namespaced({ spec: { baseTemplateRef: { name: 'base' } }, base: NEEDY });
    expect(messages({ templates: [child] })).toHaveLength(2);
    expect(messages({ policies: [GRANTING], templates: [child] })).toEqual([]);
  });

  test('gets nothing from a policy for all kinds when it shadows a cluster template', () => {
    const shadowed = { policies: [GRANTING], templates: [namespaced(), cluster({ spec: undefined })] };
    expect(messages(shadowed)).toHaveLength(2);
    const named = { ...GRANTING, spec: { ...GRANTING.spec, templateKinds: ['HarnessTemplate' as const] } };
    expect(messages({ ...shadowed, policies: [named] })).toEqual([]);
  });

  test('is not held to a base template that is made elsewhere', () => {
    expect(messages({ templates: [namespaced({ spec: { baseTemplateRef: { name: 'base' } } })] })).toEqual([]);
  });
});

describe('a run', () => {
  test('is reported when the cluster template it uses requires what no policy grants', () => {
    const template = cluster();
    expect(messages({ templates: [template], runs: [runOf(template)] })).toEqual([
      "HarnessRun 'run': required credential 'KEY' must be granted; no BrokerPolicy of this app applies to the ClusterHarnessTemplate 'coder'",
      expect.stringContaining("HarnessRun 'run': required egress to 'api.example.com' on port 443"),
    ]);
    expect(messages({ policies: [GRANTING], templates: [template], runs: [runOf(template)] })).toEqual([]);
  });

  test('does not repeat what is reported for its template', () => {
    expect(messages({ templates: [namespaced()], runs: [runOf(namespaced())] })).toHaveLength(2);
  });

  describe('whose Workspace is cloned to', () => {
    const seed = { repos: [{ url: 'https://code.example.com/a/b.git', brokerCredentialRef: { name: 'creds', key: 'CODE' } }] };
    const spec = { image: 'x', command: ['/x'] };
    const requires = { credentials: [{ name: 'CODE' }] };
    const granted = policy('code', {
      grants: { credentials: [{ name: 'CODE', provider: { kind: 'AnthropicAPI', secretRef: { name: 'provider', key: 'k' }, hosts: ['code.example.com'] } }] },
    });
    const able = namespaced({ name: 'able', spec: { ...spec, requires } });
    const unable = namespaced({ name: 'unable', spec });
    const inFiles = (template: CoveredTemplate, workspaceRef = 'files'): CoveredRun => ({ ...runOf(template, { workspaceRef }), name: template.name, seed });
    const found = (templates: CoveredTemplate[], runs: CoveredRun[]) => messages({ policies: [granted], templates, runs });

    test('is reported when it has not the credential for that', () => {
      expect(found([unable], [inFiles(unable)])).toEqual([
        "HarnessRun 'unable': workspace 'files': seed.repos: the template of the run must require the credential of https://code.example.com/a/b.git, CODE; it requires none; "
        + "name a Workspace that is cloned already, or by another app, by Workspace.fromName('files')",
      ]);
    });

    test('is fine with the credential of its template, or of the base of that', () => {
      expect(found([able], [inFiles(able)])).toEqual([]);
      const child = namespaced({ name: 'child', spec: { baseTemplateRef: { name: 'base' } }, base: { ...spec, requires } });
      expect(found([child], [inFiles(child)])).toEqual([]);
    });

    test('is fine without it when another run may clone before', () => {
      expect(found([able, unable], [inFiles(unable), inFiles(able)])).toEqual([]);
      expect(found([able, unable], [inFiles(unable), inFiles(able, 'others')])).toHaveLength(1);
    });

    test('is reported when the only other one with it is interactive, which the operator refuses', () => {
      const interactive = { ...inFiles(able), name: 'chat', spec: { ...inFiles(able).spec, mode: 'Interactive' as const } };
      const allowing = policy('chats', { grants: { ...granted.spec.grants, runs: { interact: true } } });
      const reported = (runs: CoveredRun[]) => messages({ policies: [allowing], templates: [able, unable], runs });
      expect(reported([inFiles(unable), interactive])).toEqual([expect.stringContaining("HarnessRun 'unable': workspace 'files': seed.repos")]);
      expect(reported([inFiles(unable), inFiles(able), interactive])).toEqual([]);
      expect(reported([interactive])).toEqual([]);
    });

    test('is fine when what it or another run has is not known here', () => {
      const elsewhere = namespaced({ name: 'elsewhere', spec: undefined });
      const based = namespaced({ name: 'based', spec: { baseTemplateRef: { name: 'base' } } });
      for (const unknown of [elsewhere, based]) {
        expect(found([unknown], [inFiles(unknown)])).toEqual([]);
        expect(found([unknown, unable], [inFiles(unable), inFiles(unknown)])).toEqual([]);
      }
    });
  });

  test('a cluster template that no run uses is not held against the namespace', () => {
    expect(messages({ templates: [cluster()] })).toEqual([]);
  });

  test('is reported when its template is neither of this app nor declared', () => {
    expect(messages({ templates: [cluster()], runs: [runOf(namespaced())] })).toEqual([
      "HarnessRun 'run': template must be one of this app or be declared by HarnessTemplate.fromName('coder'), got the HarnessTemplate 'coder'",
    ]);
  });

  test('is fine with a template that is declared to be made elsewhere', () => {
    const declared = namespaced({ spec: undefined });
    expect(messages({ templates: [declared], runs: [runOf(declared)] })).toEqual([]);
  });
});

describe('an interactive run', () => {
  const template = namespaced({ spec: { image: 'x', command: ['/x'], interactive: {} } });
  const interactive = (more: Partial<Coverage>, of = template) => messages({ templates: [of], runs: [runOf(of, { mode: 'Interactive' })], ...more });
  const allowing = policy('allowing', { grants: { runs: { interact: true } } });

  test('is fine when a policy that applies allows it', () => {
    expect(interactive({ policies: [policy('other'), allowing] })).toEqual([]);
  });

  test.each([[[]], [[policy('a')]], [[policy('a', { grants: { runs: { interact: false } } })]], [[{ ...allowing, spec: { ...allowing.spec, appliesToTemplates: ['bot'] } }]]])(
    'is reported when none of the policies allows it: %j', (policies) => {
      expect(interactive({ policies })).toEqual(["HarnessRun 'run': mode Interactive needs a BrokerPolicy with 'interact: true' that applies to the HarnessTemplate 'coder'"]);
    },
  );

  test('is not held to an image pin when its template is made elsewhere', () => {
    const pinned = { ...allowing, spec: { ...allowing.spec, imageDigests: [DIGEST] } };
    expect(interactive({ policies: [pinned] }, namespaced({ spec: undefined }))).toEqual([]);
    expect(interactive({ policies: [pinned] })).toHaveLength(1);
  });
});

describe('a prompt', () => {
  const template = namespaced({ spec: { image: 'x', command: ['/x'] } });
  const prompted = (promptFrom: CoveredRun['spec']['promptFrom']) => messages({ policies: [GRANTING], templates: [template], runs: [runOf(template, { promptFrom })] });

  test('may not come from a Secret that a policy of the namespace takes a credential from', () => {
    expect(prompted({ secretKeyRef: { name: 'provider', key: 'other' } }))
      .toEqual(["HarnessRun 'run': prompt must not come from Secret 'provider': BrokerPolicy 'granting' takes a credential from it"]);
  });

  test('is refused such a Secret also when the policy is for other templates', () => {
    const other = { ...GRANTING, spec: { ...GRANTING.spec, appliesToTemplates: ['bot'] } };
    const run = runOf(template, { promptFrom: { secretKeyRef: { name: 'provider', key: 'k' } } });
    expect(messages({ policies: [other], templates: [template], runs: [run] })).toHaveLength(1);
  });

  test('may come from another Secret, or from a ConfigMap of the same name', () => {
    expect(prompted({ secretKeyRef: { name: 'prompts', key: 'one' } })).toEqual([]);
    expect(prompted({ configMapKeyRef: { name: 'provider', key: 'one' } })).toEqual([]);
  });
});
