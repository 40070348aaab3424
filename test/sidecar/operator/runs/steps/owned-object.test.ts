import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import { isTaken, ownerOf, putOwned } from '../../../../../sidecar/src/operator/runs/steps/owned-object';
import { egressSecret } from '../../../../../src/manifests/run-objects';
import { ALREADY_EXISTS, FakeClient, forbidden, NAMESPACE, RUN, runWith, SETTINGS, NOT_OURS, UID } from '../fake-run';

const SECRETS = { group: '', version: 'v1', plural: 'secrets', namespace: NAMESPACE };
const SECRET = egressSecret(ownerOf(SETTINGS, runWith()), { A: 'b' });

function put(client: FakeClient): Promise<boolean> {
  return putOwned(client.asClient(), SECRETS, SECRET);
}

const exists = (patched?: unknown) => (verb: string) => (verb === 'create' ? ALREADY_EXISTS : patched);

describe('an object of a run', () => {
  test('is made with one call, owned by the run', async () => {
    const client = new FakeClient();
    expect(await put(client)).toBe(true);
    expect(client.calls).toEqual([['create', 'secrets', SECRET, { fieldManager: 'cdk8s-agent-platform-operator', repeatable: true }]]);
    expect(SECRET.metadata.ownerReferences).toEqual([{ apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', name: RUN, uid: UID, controller: true }]);
  });

  test('that is there is replaced as a whole, so that nothing of it stays or is answered', async () => {
    const client = new FakeClient(exists());
    expect(await put(client)).toBe(true);
    expect(client.calls[1]).toEqual(['replace', 'secrets', SECRET, { fieldManager: 'cdk8s-agent-platform-operator' }]);
  });

  test('is never read', async () => {
    const client = new FakeClient(exists());
    await put(client);
    expect(client.done()).toEqual(['create secrets', 'replace secrets']);
  });
});

describe('an object of somebody else', () => {
  test('under the name is left alone and told of', async () => {
    const client = new FakeClient(exists(NOT_OURS));
    expect(await put(client)).toBe(false);
    expect(client.done()).toEqual(['create secrets', 'replace secrets']);
  });
});

describe('a write that fails', () => {
  test.each([forbidden('no'), new KubeError('Throttled', 'POST /x: 429'), new KubeError('Unavailable', 'POST /x: no answer')])('is not tried another way: %s', async (error) => {
    const client = new FakeClient(() => error);
    await expect(put(client)).rejects.toBe(error);
    expect(client.done()).toEqual(['create secrets']);
  });

  test('because a quota is being counted does not mean that the name is taken', async () => {
    const counted = new KubeError('Conflict', 'POST /x: 409 Conflict', { statusMessage: 'Operation cannot be fulfilled on resourcequotas "q": try again' });
    expect(isTaken(counted)).toBe(false);
    expect(isTaken(new Error('POST /x: 409 AlreadyExists'))).toBe(false);
    const client = new FakeClient(() => counted);
    await expect(put(client)).rejects.toBe(counted);
    expect(client.done()).toEqual(['create secrets']);
  });

  test('as the object has gone in between is tried again later', async () => {
    const gone = new KubeError('NotFound', 'PATCH /x: 404 NotFound');
    await expect(put(new FakeClient(exists(gone)))).rejects.toBe(gone);
  });
});
