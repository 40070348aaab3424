import { grantingOf } from '../../../../../sidecar/src/operator/runs/steps/granting';
import type { NamedPolicy, TemplateIdentity } from '../../../../../src/protocol/policy';
import type { HarnessTemplateSpec } from '../../../../../src/protocol/resources';
import type { RunTemplate } from '../../../../../src/protocol/run-template';

const EGRESS = [{ host: 'api.example.com', ports: [443] }];
const REQUIRES = { egress: EGRESS };

/** A list of policies that counts how often their grants are looked at. */
function counting(granted = EGRESS) {
  const looks = { count: 0 };
  const spec = {
    appliesToTemplates: ['*'],
    get grants() {
      looks.count += 1;
      return { egress: granted };
    },
  };
  const policies: readonly NamedPolicy[] = [{ name: 'p', spec }];
  return { policies, looks };
}

function templateWith(requires: HarnessTemplateSpec['requires'], identity: Partial<TemplateIdentity> = {}): RunTemplate {
  return { identity: { name: 'coder', kind: 'HarnessTemplate', ...identity }, spec: { requires } };
}

const asked = (template: RunTemplate, namespace = 'team') => ({ namespace, template });

describe('what policies say to a template is reckoned once', () => {
  test.each<[string, HarnessTemplateSpec['requires']]>([
    ['when they grant everything', REQUIRES],
    ['when they do not', { egress: [{ host: 'other.example.com', ports: [443] }] }],
  ])('%s', (_case, requires) => {
    const { policies, looks } = counting();
    const template = templateWith(requires);
    const first = grantingOf(policies, template.spec, asked(template));
    const { count } = looks;
    expect(count).toBeGreaterThan(0);
    expect(grantingOf(policies, template.spec, asked(template))).toEqual(first);
    expect(looks.count).toBe(count);
  });

  test('also for a template that is merged with its base anew for each run', () => {
    const { policies, looks } = counting();
    const kept = {};
    const first = grantingOf(policies, kept, asked(templateWith({ egress: [...EGRESS] })));
    const { count } = looks;
    expect(grantingOf(policies, kept, asked(templateWith({ egress: [...EGRESS] })))).toEqual(first);
    expect(looks.count).toBe(count);
  });
});

describe('it is forgotten', () => {
  const kept = {};
  const before = () => {
    const one = counting();
    expect(grantingOf(one.policies, kept, asked(templateWith(REQUIRES)))).toEqual({ message: 'policies that apply: p' });
    return one.policies;
  };
  const missing = { egress: [{ host: 'other.example.com', ports: [443] }] };

  test('when a policy has changed', () => {
    before();
    const { policies } = counting([{ host: 'other.example.com', ports: [443] }]);
    expect(grantingOf(policies, kept, asked(templateWith(REQUIRES))).shortfall).toContain("egress to 'api.example.com' on port 443");
  });

  test('when a policy has gone', () => {
    before();
    expect(grantingOf([], kept, asked(templateWith(REQUIRES))).shortfall).toContain("Namespace 'team' has no BrokerPolicy");
  });

  test('when the template has changed', () => {
    expect(grantingOf(before(), {}, asked(templateWith(missing))).shortfall).toContain("egress to 'other.example.com' on port 443");
  });

  test('when the base of the template has changed', () => {
    expect(grantingOf(before(), kept, asked(templateWith(missing))).shortfall).toContain("egress to 'other.example.com' on port 443");
  });

  test('when a base requires less than before', () => {
    const policies = before();
    expect(grantingOf(policies, kept, asked(templateWith(missing))).shortfall).toBeDefined();
    expect(grantingOf(policies, kept, asked(templateWith(undefined)))).toEqual({ message: 'policies that apply: p' });
  });

  test.each<[string, Partial<TemplateIdentity>]>([
    ['hides one of the cluster by now', { shadows: true }],
    ['has another image', { imageDigest: `sha256:${'b'.repeat(64)}` }],
  ])('when the template %s', (_case, identity) => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const policies: readonly NamedPolicy[] = [{ name: 'p', spec: { appliesToTemplates: ['*'], imageDigests: [digest], grants: { egress: EGRESS } } }];
    expect(grantingOf(policies, kept, asked(templateWith(REQUIRES, { imageDigest: digest }))).shortfall).toBeUndefined();
    expect(grantingOf(policies, kept, asked(templateWith(REQUIRES, { imageDigest: digest, ...identity }))).shortfall).toContain('applies to it: p');
  });

  test('when another namespace asks: what is missing is told with its name', () => {
    const policies: readonly NamedPolicy[] = [];
    expect(grantingOf(policies, kept, asked(templateWith(REQUIRES), 'one')).shortfall).toContain("Namespace 'one'");
    expect(grantingOf(policies, kept, asked(templateWith(REQUIRES), 'two')).shortfall).toContain("Namespace 'two'");
  });
});
