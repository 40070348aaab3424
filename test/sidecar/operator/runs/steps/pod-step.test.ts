import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import type { Run } from '../../../../../sidecar/src/operator/objects/run';
import type { OperatorSettings } from '../../../../../sidecar/src/operator/operator-deps';
import { ownerOf } from '../../../../../sidecar/src/operator/runs/steps/owned-object';
import { podStep, PodWanted } from '../../../../../sidecar/src/operator/runs/steps/pod-step';
import { agentPod } from '../../../../../src/manifests/agent-pod';
import type { HarnessTemplateSpec } from '../../../../../src/protocol/resources';
import { ALREADY_EXISTS, Answers, Around, CREATED, FakeClient, FakeWork, forbidden, runWith, SETTINGS, TOO_LATE, UID, waitingFor, worldOf } from '../fake-run';

const IMAGE = { image: 'registry.example.com/coder:1', command: ['/bin/agent'] };
const RUN = runWith({}, { hasInlinePrompt: true });
const HOUR = 3_600_000;

interface Case extends Around {
  readonly answers?: Answers;
  readonly spec?: HarnessTemplateSpec;
  readonly run?: Run;
  readonly wanted?: Partial<PodWanted>;
  readonly now?: number;
  readonly settings?: Partial<OperatorSettings>;
}

async function step({ answers, spec = IMAGE, run = RUN, wanted, now = CREATED, settings, ...around }: Case = {}) {
  const work = new FakeWork(run, now);
  const client = new FakeClient(answers);
  const world = worldOf(around);
  const template = { identity: { name: 'coder', kind: 'HarnessTemplate' as const }, spec };
  const outcome = await podStep({ client: client.asClient(), settings: { ...SETTINGS, ...settings }, world }, work, {
    template, workspace: { kind: 'claim', name: 'code' }, attempt: 0, deadline: CREATED + HOUR, ...wanted,
  });
  return { work, client, world, outcome };
}

function podOwnedBy(uid: string | undefined, attempt = '0', run = 'fix-it') {
  const ownerReferences = uid === undefined ? [] : [{ apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', name: run, uid, controller: true }];
  return { metadata: { name: 'fix-it-0', namespace: 'team', uid: 'pod-uid', ownerReferences, labels: { 'paddock.dev/run': run, 'cdk8s-agent-platform/attempt': attempt } }, spec: {} };
}

const taken = (found: unknown): Answers => (verb) => (verb === 'create' ? ALREADY_EXISTS : found);

describe('the pod of an attempt', () => {
  test('is made once', async () => {
    const { work, client, outcome } = await step();
    expect(client.done()).toEqual(['create pods']);
    expect(outcome).toMatchObject({ kind: 'done', value: { name: 'fix-it-0', uid: 'new-pods', ownerUid: UID, run: 'fix-it', attempt: 0, phase: 'Pending' } });
    expect(work.conditions).toEqual({});
    expect(work.events).toEqual([{ type: 'Normal', reason: 'PodCreated', note: 'created pod fix-it-0' }]);
  });

  test('is what the manifests say, and is ended by the kubelet at the end of its run, by its own count', async () => {
    const { client } = await step({ wanted: { attempt: 3, deadline: CREATED + 1500 } });
    expect(client.calls[0][2]).toEqual(agentPod({
      owner: ownerOf(SETTINGS, RUN),
      run: { ...RUN, spec: { ...RUN.spec, extraEnv: [] } },
      attempt: 3,
      template: { identity: { name: 'coder', kind: 'HarnessTemplate' }, spec: IMAGE },
      workspace: { kind: 'claim', name: 'code' },
      sidecar: SETTINGS.sidecar,
      seedImage: SETTINGS.seedImage,
      activeDeadlineSeconds: 2,
    }));
    expect(client.calls[0][3]).toEqual({ fieldManager: 'cdk8s-agent-platform-operator', repeatable: true });
  });

  test('has the variables of the run', async () => {
    const { client } = await step({ wanted: { extraEnv: [{ name: 'FREE', value: '1' }] } });
    expect(client.calls[0][2].spec.containers[0].env).toContainEqual({ name: 'FREE', value: '1' });
  });

  test('has the Secrets for images of its own namespace alone', async () => {
    const pullSecrets = [{ namespace: 'other', name: 'theirs' }, { namespace: 'team', name: 'registry' }];
    const { client } = await step({ settings: { pullSecrets } });
    expect(client.calls[0][2].spec.imagePullSecrets).toEqual([{ name: 'registry' }]);
  });

  test('has an end also when that of the run has come', async () => {
    const { client } = await step({ wanted: { deadline: CREATED - HOUR } });
    expect(client.calls[0][2].spec.activeDeadlineSeconds).toBe(1);
  });

  test('that was made before the operator was stopped is taken up, without a second Event', async () => {
    const { work, client, outcome } = await step({ answers: taken(podOwnedBy(UID)) });
    expect(client.done()).toEqual(['create pods', 'get pods']);
    expect(outcome).toMatchObject({ kind: 'done', value: { uid: 'pod-uid' } });
    expect(work.events).toEqual([]);
  });
});

describe('the directories that runs share', () => {
  const spec = { ...IMAGE, pod: { sharedDirectories: [{ name: 'cache' }, { name: 'models', size: '5Gi' }] } };

  test('get a claim before the pod, where there is none', async () => {
    const { client } = await step({ spec, claims: ['shared-cache'] });
    expect(client.done()).toEqual(['create persistentvolumeclaims', 'create pods']);
    expect(client.calls[0][2]).toMatchObject({ metadata: { name: 'shared-models' }, spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '5Gi' } } } });
  });

  test('whose claim another run has made just now are used as they are', async () => {
    const { client, outcome } = await step({ spec, answers: (_verb, plural) => (plural === 'pods' ? undefined : ALREADY_EXISTS) });
    expect(outcome.kind).toBe('done');
    expect(client.done()).toEqual(['create persistentvolumeclaims', 'create persistentvolumeclaims', 'create pods']);
  });

  test('without leave for a claim keep the pod away', async () => {
    const { client, outcome } = await step({ spec, answers: () => forbidden('persistentvolumeclaims "x" is forbidden: exceeded quota: disks, requested: requests.storage=10Gi') });
    expect(outcome).toMatchObject({ kind: 'wait', reason: 'QuotaExceeded', message: expect.stringContaining("claim 'shared-cache'"), againAfter: 30_000 });
    expect(client.done()).toEqual(['create persistentvolumeclaims']);
  });
});

describe('a name that is taken', () => {
  test.each<[string, unknown]>([
    ['is owned by an earlier run of the name', podOwnedBy('earlier-uid')],
    ['has gone meanwhile', new KubeError('NotFound', 'GET /x: 404 NotFound')],
  ])('by a pod that %s is waited for', async (_case, found) => {
    const { work, outcome } = await step({ answers: taken(found), now: TOO_LATE });
    expect(outcome).toMatchObject({ kind: 'wait', reason: 'NameTaken', message: expect.stringContaining("pod 'fix-it-0' of an earlier run"), againAfter: 5000 });
    expect(work.conditions.PodCreated.reason).toBe('NameTaken');
  });

  test.each<[string, unknown]>([
    ['nobody owns', podOwnedBy(undefined)],
    ['says that it is of another attempt', podOwnedBy(UID, '1')],
    ['says of no attempt', podOwnedBy(UID, 'x')],
    ['a run of another name owns', podOwnedBy('earlier-uid', '0', 'other')],
  ])('by a pod that %s ends the run, after the time in which it may go', async (_case, found) => {
    expect((await step({ answers: taken(found) })).outcome).toMatchObject({ kind: 'wait', reason: 'NameTaken', againAfter: 5000 });
    const { work, outcome } = await step({ answers: taken(found), now: TOO_LATE, run: { ...RUN, status: waitingFor('NameTaken') } });
    expect(outcome).toMatchObject({ kind: 'fail', reason: 'NameTaken', message: expect.stringContaining("pod 'fix-it-0' is there already") });
    expect(work.events).toEqual([]);
  });

  test('by a pod that cannot be looked at is looked at later', async () => {
    const error = new KubeError('Unavailable', 'GET /x: no answer');
    await expect(step({ answers: taken(error) })).rejects.toBe(error);
  });
});

describe('a pod that is not made', () => {
  test.each<[string, KubeError, object]>([
    ['for its quota', forbidden('pods "fix-it-0" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'), { kind: 'wait', reason: 'QuotaExceeded', againAfter: 30_000 }],
    ['for Pod Security', forbidden('pods "fix-it-0" is forbidden: violates PodSecurity "restricted:latest": x'), { kind: 'fail', reason: 'PodSecurity' }],
    ['for a policy', forbidden("pods \"fix-it-0\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: images"), { kind: 'fail', reason: 'AdmissionDenied' }],
    ['as it is wrong', new KubeError('Invalid', 'POST /x: 422', { statusMessage: 'Pod "fix-it-0" is invalid: spec' }), { kind: 'fail', reason: 'PodRefused' }],
    ['as its namespace goes', forbidden('pods "fix-it-0" is forbidden: unable to create new content in namespace team because it is being terminated'), { kind: 'wait', reason: 'Terminating' }],
  ])('%s says what the API server says', async (_case, error, expected) => {
    const { work, outcome } = await step({ answers: () => error });
    expect(outcome).toMatchObject({ ...expected, message: `the API server refuses pod 'fix-it-0': ${error.statusMessage}` });
    expect(work.conditions.PodCreated.message).toBe((outcome as any).message);
    expect(work.events).toEqual([]);
  });

  test.each([new KubeError('Throttled', 'POST /x: 429'), new KubeError('Unavailable', 'POST /x: no answer')])('for the moment is made later: %s', async (error) => {
    await expect(step({ answers: () => error })).rejects.toBe(error);
  });

  test('as it would not work is not even tried, and the findings are listed', async () => {
    const { work, client, outcome } = await step({ wanted: { extraEnv: [{ name: 'HTTPS_PROXY', value: 'planted-value' }] } });
    expect(outcome).toMatchObject({ kind: 'fail', reason: 'PodRefused', message: expect.stringMatching(/^the pod is not made: .*HTTPS_PROXY/) });
    expect(client.calls).toEqual([]);
    expect(work.conditions.PodCreated.reason).toBe('PodRefused');
    expect(JSON.stringify(outcome)).not.toContain('planted-value');
  });

  test('as it would be root is not even tried', async () => {
    const { work, client, outcome } = await step({ spec: { ...IMAGE, pod: { runAsUser: 0 } } });
    expect(outcome).toMatchObject({ kind: 'fail', reason: 'PodSecurity', message: expect.stringContaining('restricted/') });
    expect(client.calls).toEqual([]);
    expect(work.conditions.PodCreated.reason).toBe('PodSecurity');
  });
});
