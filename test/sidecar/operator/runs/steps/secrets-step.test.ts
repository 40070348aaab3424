import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import { ownerOf } from '../../../../../sidecar/src/operator/runs/steps/owned-object';
import { SecretContents, secretsStep } from '../../../../../sidecar/src/operator/runs/steps/secrets-step';
import { credentialsSecret, egressSecret, promptSecret } from '../../../../../src/manifests/run-objects';
import { ALREADY_EXISTS, Answers, FakeClient, FakeWork, forbidden, PLANTED, runWith, SETTINGS, NOT_OURS, TOO_LATE, waitingFor } from '../fake-run';

const CREDENTIALS = { API_KEY: `pdk-user-${PLANTED}` };
const WAY_OUT = { HTTPS_PROXY: `http://fix-it:${PLANTED}@10.0.0.1:15001` };
const PROMPT = `do it, and tell nobody ${PLANTED}`;

const OWNER = ownerOf(SETTINGS, runWith());

interface Case {
  readonly answers?: Answers;
  readonly contents?: Partial<SecretContents>;
  readonly isLate?: boolean;
}

async function step({ answers, contents, isLate = false }: Case = {}) {
  const work = isLate ? new FakeWork(runWith({}, { status: waitingFor('NameTaken') }), TOO_LATE) : new FakeWork();
  const client = new FakeClient(answers);
  const given = { credentials: CREDENTIALS, wayOut: WAY_OUT, prompt: PROMPT, ...contents };
  return { work, client, outcome: await secretsStep({ client: client.asClient(), settings: SETTINGS }, work, given) };
}

function bodies(client: FakeClient): unknown[] {
  return client.calls.filter(([verb]) => verb === 'create').map(([, , body]) => body);
}

describe('the Secrets of a run', () => {
  test('are its credentials, its way out and its prompt', async () => {
    const { client, outcome } = await step();
    expect(outcome.kind).toBe('done');
    expect(client.done()).toEqual(['create secrets', 'create secrets', 'create secrets']);
    expect(bodies(client)).toEqual([credentialsSecret(OWNER, CREDENTIALS), egressSecret(OWNER, WAY_OUT), promptSecret(OWNER, PROMPT)]);
  });

  test('are told of without their content', async () => {
    const { work } = await step();
    expect(work.conditions).toEqual({ PromptResolved: { reason: 'Resolved', message: '' } });
    expect(work.told()).not.toContain(PLANTED);
  });

  test('are without credentials where none is required, and without a prompt that is elsewhere', async () => {
    const { client, work } = await step({ contents: { credentials: {}, prompt: undefined } });
    expect(client.done()).toEqual(['create secrets']);
    expect(bodies(client)).toEqual([egressSecret(OWNER, WAY_OUT)]);
    expect(work.conditions).toEqual({});
  });

  test('are brought to what they hold now when they are there, still owned by the run', async () => {
    const { client, outcome } = await step({ answers: (verb) => (verb === 'create' ? ALREADY_EXISTS : undefined), contents: { credentials: {} } });
    expect(outcome.kind).toBe('done');
    expect(client.done()).toEqual(['create secrets', 'replace secrets', 'create secrets', 'replace secrets']);
  });

  test('are never read', async () => {
    const { client } = await step({ answers: (verb) => (verb === 'create' ? ALREADY_EXISTS : undefined) });
    expect(client.done()).not.toContain('get secrets');
    expect(client.done()).not.toContain('list secrets');
  });
});

describe('a Secret that cannot be written', () => {
  const foreign: Answers = (verb) => (verb === 'create' ? ALREADY_EXISTS : NOT_OURS);

  test('as somebody else has its name is left alone: the run waits, and then ends', async () => {
    const { client, work, outcome } = await step({ answers: foreign });
    expect(outcome).toMatchObject({ kind: 'wait', reason: 'NameTaken', message: expect.stringContaining("Secret 'fix-it-broker-creds' is there already"), againAfter: 5000 });
    expect(client.done()).toEqual(['create secrets', 'replace secrets']);
    expect(work.conditions.PodCreated.reason).toBe('NameTaken');
    expect((await step({ answers: foreign, isLate: true })).outcome).toMatchObject({ kind: 'fail', reason: 'NameTaken' });
  });

  test.each<[string, KubeError, object]>([
    ['for its quota', forbidden('secrets "x" is forbidden: exceeded quota: small, requested: secrets=1'), { kind: 'wait', reason: 'QuotaExceeded' }],
    ['for a webhook', forbidden(`admission webhook "w" denied the request: ${PLANTED}`), { kind: 'fail', reason: 'AdmissionDenied' }],
    ['as it is wrong', new KubeError('Invalid', 'POST /x: 422 Invalid', { statusMessage: `data: ${PLANTED}` }), { kind: 'fail', reason: 'PodRefused' }],
  ])('%s says so without its content', async (_case, error, expected) => {
    const { client, work, outcome } = await step({ answers: () => error });
    expect(outcome).toMatchObject(expected);
    expect(client.done()).toEqual(['create secrets']);
    expect(JSON.stringify(outcome) + work.told()).not.toContain(PLANTED);
  });

  test('for the moment is written later', async () => {
    const error = new KubeError('Throttled', 'POST /x: 429');
    await expect(step({ answers: () => error })).rejects.toBe(error);
  });
});
