import type { Run } from '../../../../../sidecar/src/operator/objects/run';
import { templateStep } from '../../../../../sidecar/src/operator/runs/steps/template-step';
import type { WaitingReason } from '../../../../../src/protocol/runs';
import { CREATED, FakeWork, runWith, STILL_WAITING, TOO_LATE, waitingFor, worldOf, Around } from '../fake-run';

const CODER = { image: 'registry.example.com/coder:1', command: ['/bin/agent'] };

function step(around: Around, spec: Partial<Run['spec']> = {}, now = CREATED, reason: WaitingReason = 'InProgress') {
  const work = new FakeWork(runWith(spec, { status: waitingFor(reason) }), now);
  return { work, outcome: templateStep({ world: worldOf(around) }, work) };
}

describe('the template of a run', () => {
  test('is that of its namespace, and the condition names it', () => {
    const { work, outcome } = step({ templates: { coder: CODER }, clusterTemplates: { coder: { ...CODER, image: 'other' } } });
    expect(outcome).toEqual({ kind: 'done', value: { identity: { name: 'coder', kind: 'HarnessTemplate', shadows: true }, spec: CODER } });
    expect(work.conditions).toEqual({ TemplateResolved: { reason: 'TemplateResolved', message: "HarnessTemplate 'coder'" } });
  });

  test('is that of the cluster where the namespace has none', () => {
    const { work, outcome } = step({ clusterTemplates: { coder: CODER } });
    expect(outcome).toMatchObject({ kind: 'done', value: { identity: { kind: 'ClusterHarnessTemplate' } } });
    expect(work.conditions.TemplateResolved.message).toBe("ClusterHarnessTemplate 'coder'");
  });

  test('has image and command of its base', () => {
    const { outcome } = step({ templates: { coder: { baseTemplateRef: { name: 'base' }, harness: 'x' } }, clusterTemplates: { base: CODER } });
    expect(outcome).toMatchObject({ kind: 'done', value: { identity: { kind: 'HarnessTemplate' }, spec: { ...CODER, harness: 'x' } } });
  });
});

describe('a template that is not there', () => {
  test.each<[string, Around, Partial<Run['spec']>, string]>([
    ['of no kind', {}, {}, "there is neither a HarnessTemplate 'coder' in namespace 'team' nor a ClusterHarnessTemplate 'coder'"],
    ['of the namespace', {}, { templateRef: { name: 'coder', kind: 'HarnessTemplate' } }, "there is no HarnessTemplate 'coder' in namespace 'team'"],
    [
      'that only the cluster has', { clusterTemplates: { coder: CODER } }, { templateRef: { name: 'coder', kind: 'HarnessTemplate' } },
      "there is no HarnessTemplate 'coder' in namespace 'team'; there is ClusterHarnessTemplate 'coder'",
    ],
    [
      'that only the namespace has', { templates: { coder: CODER } }, { templateRef: { name: 'coder', kind: 'ClusterHarnessTemplate' } },
      "there is no ClusterHarnessTemplate 'coder'; there is HarnessTemplate 'coder'",
    ],
    [
      'whose name was mistyped', { templates: { coder: CODER, reviewer: CODER }, clusterTemplates: { codex: CODER } }, { templateRef: { name: 'codr' } },
      "there is neither a HarnessTemplate 'codr' in namespace 'team' nor a ClusterHarnessTemplate 'codr'; there is HarnessTemplate 'coder'",
    ],
    [
      'that is a base', { templates: { coder: { baseTemplateRef: { name: 'base' } } }, clusterTemplates: { bases: CODER } }, {},
      "HarnessTemplate 'coder' in namespace 'team' completes the ClusterHarnessTemplate 'base', which is not there; there is ClusterHarnessTemplate 'bases'",
    ],
  ])('%s is named, and waited for', (_case, around, spec, message) => {
    const { work, outcome } = step(around, spec);
    expect(outcome).toEqual({ kind: 'wait', reason: 'TemplateNotFound', message, againAfter: 60_000, giveUpAt: CREATED + 60_000 });
    expect(work.conditions).toEqual({ TemplateResolved: { reason: 'TemplateNotFound', message } });
  });

  test('is waited for until the very end of its time, and then ends the run', () => {
    expect(step({}, {}, STILL_WAITING, 'TemplateNotFound').outcome).toMatchObject({ kind: 'wait', againAfter: 1 });
    const { work, outcome } = step({}, {}, TOO_LATE, 'TemplateNotFound');
    expect(outcome).toMatchObject({ kind: 'fail', reason: 'TemplateNotFound', message: expect.stringMatching(/'coder'; the run has waited 60 s for it$/) });
    expect(work.conditions.TemplateResolved.reason).toBe('TemplateNotFound');
  });

  test('that goes while a run waits for something else is waited for from then on', () => {
    expect(step({}, {}, TOO_LATE + 3_600_000, 'WorkspaceBusy').outcome).toMatchObject({ kind: 'wait', againAfter: 60_000 });
  });

  test('is not waited for longer where the clock of another replica was ahead', () => {
    expect(step({}, {}, CREATED - 3_600_000, 'TemplateNotFound').outcome).toMatchObject({ kind: 'wait', againAfter: 60_000 });
  });
});

describe('a template that cannot be used', () => {
  test.each([
    ['image and command', { harness: 'x' }],
    ['command', { image: 'i' }],
    ['command', { image: 'i', command: [] }],
    ['image', { command: ['c'] }],
  ])('is told to have %s', (lacking, spec) => {
    const { work, outcome } = step({ templates: { coder: { baseTemplateRef: { name: 'base' } } }, clusterTemplates: { base: spec } });
    const message = `HarnessTemplate 'coder' must have ${lacking}, itself or by its base`;
    expect(outcome).toMatchObject({ kind: 'wait', reason: 'TemplateInvalid', message });
    expect(work.conditions).toEqual({ TemplateResolved: { reason: 'TemplateInvalid', message } });
  });

  test('ends the run when nobody mends it in time', () => {
    expect(step({ templates: { coder: { image: 'i' } } }, {}, TOO_LATE, 'TemplateInvalid').outcome).toMatchObject({ kind: 'fail', reason: 'TemplateInvalid' });
  });
});

describe('a run that cannot be', () => {
  test('interactive ends at once, whatever else is wrong', () => {
    const { work, outcome } = step({}, { mode: 'Interactive' });
    expect(outcome).toEqual({ kind: 'fail', reason: 'InteractiveUnsupported', message: "mode 'Interactive' is not supported: leave mode out, or make it 'Batch'" });
    expect(work.conditions).toEqual({});
  });

  test.each(['', 'Batch'] as const)('of mode %p goes on', (mode) => {
    expect(step({ templates: { coder: CODER } }, { mode }).outcome.kind).toBe('done');
  });
});
