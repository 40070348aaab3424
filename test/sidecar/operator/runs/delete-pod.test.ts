import { FakeClient } from './fake-run';
import { KubeCode, KubeError } from '../../../../sidecar/src/kube/kube-error';
import { podOf } from '../../../../sidecar/src/operator/objects/pod';
import { deletePod } from '../../../../sidecar/src/operator/runs/delete-pod';

const POD = podOf({ metadata: { namespace: 'team', name: 'fix-it-0', uid: 'pod-uid' }, spec: {} });

function failing(code: KubeCode): FakeClient {
  return new FakeClient(() => new KubeError(code, 'no'));
}

test('a pod is told to stop by its UID, and with its own grace period', async () => {
  const client = new FakeClient();
  await deletePod({ client: client.asClient() }, POD);
  expect(client.calls).toEqual([['delete', 'pods', 'fix-it-0', { uid: 'pod-uid' }]]);
});

test('one that was told already is not told again: that would shorten its grace', async () => {
  const client = new FakeClient();
  await deletePod({ client: client.asClient() }, { ...POD, deletedAt: 1 });
  expect(client.calls).toEqual([]);
});

test.each<KubeCode>(['NotFound', 'Conflict'])('one that is gone, or whose name another has, needs nothing: %s', async (code) => {
  await expect(deletePod({ client: failing(code).asClient() }, POD)).resolves.toBeUndefined();
});

test.each<KubeCode>(['Forbidden', 'Unavailable', 'Throttled'])('one that is not told is told later: %s', async (code) => {
  await expect(deletePod({ client: failing(code).asClient() }, POD)).rejects.toThrow('no');
});
