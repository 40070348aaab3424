import type { Run } from '../../../../../sidecar/src/operator/objects/run';
import { policyStep } from '../../../../../sidecar/src/operator/runs/steps/policy-step';
import { specsOf } from '../../../../../sidecar/src/operator/template-specs';
import type { TemplateIdentity } from '../../../../../src/protocol/policy';
import type { BrokerPolicySpec, HarnessTemplateSpec } from '../../../../../src/protocol/resources';
import { templateOf } from '../../../../../src/protocol/run-template';
import { Around, CREATED, FakeWork, NAMESPACE, runWith, TOO_LATE, waitingFor, worldOf } from '../fake-run';

const API = { host: 'api.example.com', ports: [443] };

const REQUIRES = { credentials: [{ name: 'API_KEY' }], egress: [API] };

function granting(more: Partial<BrokerPolicySpec> = {}): BrokerPolicySpec {
  const deliveryMode = { proxyInjected: { hosts: [API.host], header: { name: 'Authorization' } } };
  return {
    appliesToTemplates: ['*'],
    grants: { credentials: [{ name: 'API_KEY', provider: { kind: 'UserSuppliedSecret', secretRef: { name: 'upstream', key: 'token' }, deliveryMode } }], egress: [API] },
    ...more,
  };
}

interface Case extends Around {
  readonly spec?: Partial<Run['spec']>;
  readonly requires?: HarnessTemplateSpec['requires'];
  readonly identity?: Partial<TemplateIdentity>;
  readonly now?: number;
}

function step({ spec, requires = REQUIRES, identity, now = CREATED, ...around }: Case) {
  const work = new FakeWork(runWith(spec, { status: now === CREATED ? {} : waitingFor('PolicyMissing') }), now);
  const template = { identity: { name: 'coder', kind: 'HarnessTemplate' as const, ...identity }, spec: { requires } };
  return { work, outcome: policyStep({ world: worldOf(around) }, work, template) };
}

describe('a template whose requirements are granted', () => {
  test('passes, and the condition names the policies that apply', () => {
    const { work, outcome } = step({ policies: { b: granting(), a: granting(), other: granting({ appliesToTemplates: ['reviewer'] }) } });
    expect(outcome.kind).toBe('done');
    expect(work.conditions).toEqual({ PolicySatisfied: { reason: 'Granted', message: 'policies that apply: a, b' } });
  });

  test('passes without any policy when it requires nothing', () => {
    const { work, outcome } = step({ requires: {} });
    expect(outcome.kind).toBe('done');
    expect(work.conditions.PolicySatisfied).toEqual({ reason: 'Granted', message: 'the template requires nothing' });
  });

  test('passes by several policies together', () => {
    const { grants } = granting();
    const policies = { a: granting({ grants: { egress: grants.egress } }), b: granting({ grants: { credentials: grants.credentials } }) };
    expect(step({ policies }).outcome.kind).toBe('done');
  });
});

describe('a shortfall', () => {
  test('is waited for, with the sentence for all to see and the policy to paste in the condition', () => {
    const { work, outcome } = step({ policies: { other: granting({ appliesToTemplates: ['reviewer'] }) } });
    expect(outcome).toEqual({
      kind: 'wait',
      reason: 'PolicyMissing',
      message: "no BrokerPolicy grants the HarnessTemplate 'coder' what it requires: credential 'API_KEY'; egress to 'api.example.com' on port 443. "
        + "None of the policies of namespace 'team' applies to it: other",
      againAfter: 60_000,
      giveUpAt: TOO_LATE,
    });
    expect(work.conditions.PolicySatisfied.reason).toBe('PolicyMissing');
    expect(work.conditions.PolicySatisfied.message).toContain('kind: BrokerPolicy\n');
    expect(work.conditions.PolicySatisfied.message).toContain('name: API_KEY\n');
  });

  test.each<[string, Case, string]>([
    ['of another kind of template', { policies: { a: granting({ templateKinds: ['ClusterHarnessTemplate'] }) } }, 'applies to it: a'],
    ['that pins another image', { policies: { a: granting({ imageDigests: [`sha256:${'a'.repeat(64)}`] }) }, identity: { imageDigest: `sha256:${'b'.repeat(64)}` } }, 'applies to it: a'],
    ['that does not say it is for a shadowing template', { policies: { a: granting() }, identity: { shadows: true } }, 'templateKinds'],
    ['for another port', { policies: { a: granting({ grants: { ...granting().grants, egress: [{ ...API, ports: [8443] }] } }) } }, "egress to 'api.example.com' on port 443. Policies that apply to it: a"],
    ['without the credential', { policies: { a: granting({ grants: { egress: [API] } }) } }, "credential 'API_KEY'. Policies that apply to it: a"],
  ])('remains with a policy %s', (_case, given, text) => {
    expect(step(given).outcome).toMatchObject({ kind: 'wait', reason: 'PolicyMissing', message: expect.stringContaining(text) });
  });

  test('ends the run when nobody grants it in time', () => {
    const { work, outcome } = step({ now: TOO_LATE });
    expect(outcome).toMatchObject({ kind: 'fail', reason: 'PolicyMissing', message: expect.stringMatching(/has no BrokerPolicy; the run has waited 60 s for it$/) });
    expect(work.conditions.PolicySatisfied.reason).toBe('PolicyMissing');
  });
});

describe('many runs of one template', () => {
  const TEMPLATES = { plain: { requires: REQUIRES }, completed: { baseTemplateRef: { name: 'base' } } };
  const BASE = { image: 'registry.example.com/agent:1', command: ['/agent'], requires: REQUIRES };

  /** The steps of runs of the template, in a namespace whose policies do not change meanwhile; answers how often grants were looked at. */
  function looksFor(runs: number, template: string, kind: TemplateIdentity['kind'] = 'HarnessTemplate'): number {
    let looks = 0;
    const { grants, ...spec } = granting();
    const counted = Object.defineProperty({ ...spec }, 'grants', { get: () => (looks += 1, grants) }) as BrokerPolicySpec;
    const around = worldOf({ templates: TEMPLATES, clusterTemplates: { base: BASE } });
    const policies = [{ name: 'counted', spec: counted }];
    const world = { ...around, policies: () => policies };
    for (let index = 0; index < runs; index += 1) {
      const run = runWith({ templateRef: { name: template, kind } });
      expect(policyStep({ world }, new FakeWork(run), templateOf({ namespace: NAMESPACE, templateRef: run.spec.templateRef }, specsOf(world))!).kind).toBe('done');
    }
    return looks;
  }

  test.each<[string, TemplateIdentity['kind']]>([['plain', 'HarnessTemplate'], ['completed', 'HarnessTemplate'], ['base', 'ClusterHarnessTemplate']])('%s, cost as much as one', (name, kind) => {
    const one = looksFor(1, name, kind);
    expect(one).toBeGreaterThan(0);
    expect(looksFor(100, name, kind)).toBe(one);
  });
});

describe('a prompt from a Secret', () => {
  const spec = { promptFrom: { secretKeyRef: { name: 'upstream', key: 'token' } } };

  test.each<[string, BrokerPolicySpec]>([
    ['that applies', granting()],
    ['for another template', granting({ appliesToTemplates: ['reviewer'] })],
  ])('that a policy %s grants ends the run at once', (_case, policy) => {
    const { work, outcome } = step({ spec, policies: { keys: policy } });
    const message = "the prompt must not come from Secret 'upstream': BrokerPolicy 'keys' takes a credential from it";
    expect(outcome).toEqual({ kind: 'fail', reason: 'PromptGranted', message });
    expect(work.conditions).toEqual({ PolicySatisfied: { reason: 'PromptGranted', message } });
  });

  test('ends the run also when its template requires nothing', () => {
    expect(step({ spec, requires: {}, policies: { keys: granting() } }).outcome).toMatchObject({ kind: 'fail', reason: 'PromptGranted' });
  });

  test('that no policy names is fine, as is a ConfigMap of such a name', () => {
    const policies = { keys: granting() };
    expect(step({ spec: { promptFrom: { secretKeyRef: { name: 'texts', key: 'p' } } }, policies }).outcome.kind).toBe('done');
    expect(step({ spec: { promptFrom: { configMapKeyRef: { name: 'upstream', key: 'p' } } }, policies }).outcome.kind).toBe('done');
  });
});
