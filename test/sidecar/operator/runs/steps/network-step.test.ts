import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import { networkStep } from '../../../../../sidecar/src/operator/runs/steps/network-step';
import { runNetworkPolicy } from '../../../../../src/manifests/run-network-policy';
import { ALREADY_EXISTS, Answers, FakeClient, FakeWork, forbidden, RUN, NAMESPACE, runWith, SETTINGS, NOT_OURS, UID, worldOf } from '../fake-run';

const POLICY = runNetworkPolicy({ platform: 'agents', namespace: NAMESPACE, run: RUN, uid: UID });

async function step({ there, answers, work = new FakeWork() }: { there?: unknown; answers?: Answers; work?: FakeWork }) {
  const client = new FakeClient(answers);
  const outcome = await networkStep({ client: client.asClient(), settings: SETTINGS, world: worldOf({ networkPolicy: there }) }, work);
  return { client, work, outcome };
}

describe('the NetworkPolicy of a run', () => {
  test('is made when it is missing, and the status says that it holds', async () => {
    const { client, work, outcome } = await step({});
    expect(outcome.kind).toBe('done');
    expect(client.calls.map(([verb, plural, body]) => [verb, plural, body])).toEqual([['create', 'networkpolicies', POLICY]]);
    expect(work.status.networkPolicyEnforced).toBe(true);
  });

  test('is left alone while it is as it should be, whatever order its fields come in', async () => {
    const { egress, policyTypes, podSelector } = POLICY.spec;
    const { client, work } = await step({ there: { egress, policyTypes, podSelector } });
    expect(client.calls).toEqual([]);
    expect(work.status.networkPolicyEnforced).toBe(true);
  });

  test.each<[string, object]>([
    ['another way out', { ...POLICY.spec, egress: [...POLICY.spec.egress!, {}] }],
    ['a way in', { ...POLICY.spec, ingress: [{}] }],
    ['other pods', { ...POLICY.spec, podSelector: { matchLabels: { run: 'none' } } }],
    ['one direction only', { ...POLICY.spec, policyTypes: ['Ingress'] }],
    ['fewer fields', { podSelector: POLICY.spec.podSelector }],
  ])('is put back, as a whole, when somebody gave it %s', async (_case, there) => {
    const { client, work } = await step({ there, answers: (verb) => (verb === 'create' ? ALREADY_EXISTS : undefined) });
    expect(client.calls[1].slice(0, 3)).toEqual(['replace', 'networkpolicies', POLICY]);
    expect(work.status.networkPolicyEnforced).toBe(true);
  });
});

describe('a NetworkPolicy that cannot be written', () => {
  test('as somebody else has its name is left alone, and the status does not say that it holds', async () => {
    const { work, outcome } = await step({ answers: (verb) => (verb === 'create' ? ALREADY_EXISTS : NOT_OURS) });
    expect(outcome).toMatchObject({ kind: 'wait', reason: 'NameTaken', message: expect.stringContaining("NetworkPolicy 'fix-it-egress' is there already") });
    expect(work.status.networkPolicyEnforced).toBe(false);
  });

  test('beside a pod that is there takes back only that it holds', async () => {
    const work = new FakeWork(runWith({}, { status: { podUID: 'u', networkPolicyEnforced: true } }));
    const { outcome } = await step({ work, answers: () => forbidden('networkpolicies "x" is forbidden: exceeded quota: small, requested: n=1') });
    expect(outcome).toMatchObject({ kind: 'wait', reason: 'QuotaExceeded' });
    expect(work.status.networkPolicyEnforced).toBe(false);
    expect(work.conditions).toEqual({});
  });

  test('for the moment leaves the status as it was', async () => {
    const error = new KubeError('Unavailable', 'POST /x: no answer');
    const work = new FakeWork();
    await expect(step({ work, answers: () => error })).rejects.toBe(error);
    expect(work.status.networkPolicyEnforced).toBeUndefined();
  });
});
