import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import { longPartsStep } from '../../../../../sidecar/src/operator/runs/steps/long-parts-step';
import type { HarnessRunSpec } from '../../../../../src/protocol/resources';
import type { RunTemplate } from '../../../../../src/protocol/run-template';
import { FakeClient, FakeWork, PLANTED, runWith, UID } from '../fake-run';

const TEMPLATE: RunTemplate = { identity: { name: 'coder', kind: 'HarnessTemplate' }, spec: { requires: { credentials: [{ name: 'API_KEY' }, { name: 'OTHER' }] } } };

interface Case {
  readonly spec?: Partial<HarnessRunSpec>;
  readonly uid?: string;
  readonly kept?: Parameters<typeof runWith>[1];
}

async function step({ spec = {}, uid = UID, kept }: Case) {
  const client = new FakeClient(() => ({ metadata: { name: 'fix-it', uid }, spec: { templateRef: { name: 'coder' }, ...spec } }));
  const has = { hasInlinePrompt: spec.prompt !== undefined, hasExtraEnv: spec.extraEnv !== undefined };
  const work = new FakeWork(runWith({}, { ...has, ...kept }));
  return { client, work, outcome: await longPartsStep({ client: client.asClient() }, work, TEMPLATE) };
}

const extraEnv = [{ name: 'FREE', value: '1' }];

test('what is not kept of a run is read once, when it is needed', async () => {
  const { client, outcome } = await step({ spec: { prompt: 'do it', extraEnv } });
  expect(outcome).toEqual({ kind: 'done', value: { prompt: 'do it', extraEnv } });
  expect(client.done()).toEqual(['get harnessruns']);
});

test('a run of which everything is kept is not read', async () => {
  const { client, outcome } = await step({});
  expect(outcome).toEqual({ kind: 'done', value: {} });
  expect(client.done()).toEqual([]);
});

test.each<[string, Partial<HarnessRunSpec>]>([['prompt', { prompt: 'do it' }], ['variables', { extraEnv }]])('a run with no more than %s is read', async (_what, spec) => {
  expect((await step({ spec })).outcome).toEqual({ kind: 'done', value: spec });
});

test('a variable of the name of a required credential ends the run, without telling its value', async () => {
  const { work, outcome } = await step({ spec: { extraEnv: [{ name: 'API_KEY', value: PLANTED }, ...extraEnv] } });
  expect(outcome).toEqual({
    kind: 'fail', reason: 'CredentialNameTaken', message: "extraEnv must not have 'API_KEY': HarnessTemplate 'coder' requires a credential of that name",
  });
  expect(JSON.stringify(outcome) + work.told()).not.toContain(PLANTED);
});

test('a run that is another one now has nothing that is used', async () => {
  await expect(step({ spec: { prompt: 'do it' }, uid: 'another-uid' })).rejects.toThrow(new KubeError('Conflict', 'HarnessRun team/fix-it is no longer the one that is worked on'));
});
