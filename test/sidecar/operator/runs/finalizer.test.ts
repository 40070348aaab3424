import { FakeClient, FakeWork, runWith, UID } from './fake-run';
import type { KubeObject } from '../../../../sidecar/src/kube/client';
import { KubeCode, KubeError } from '../../../../sidecar/src/kube/kube-error';
import { addFinalizer, removeFinalizer } from '../../../../sidecar/src/operator/runs/finalizer';
import { RUN_FINALIZER } from '../../../../src/protocol/runs';

const WITHOUT = runWith({}, { hasFinalizer: false });
const GOING = runWith({}, { deletedAt: 1 });

/** A client that answers with the run, or with an error. */
function client(error?: KubeError) {
  return new FakeClient((_verb, _plural, object: KubeObject) => error ?? { ...object, spec: { templateRef: { name: 'coder' } } });
}

test('the finalizer is applied with the UID, so that a run which is gone is not made again', async () => {
  const api = client();
  await addFinalizer({ client: api.asClient() }, new FakeWork(WITHOUT));
  expect(api.done()).toEqual(['apply harnessruns']);
  expect(api.calls[0][2].metadata).toEqual({ name: WITHOUT.name, namespace: WITHOUT.namespace, uid: UID, finalizers: [RUN_FINALIZER] });
});

test('its end is an application that does not name it, so that those of others stay', async () => {
  const api = client();
  await removeFinalizer({ client: api.asClient() }, new FakeWork());
  expect(api.calls[0][2].metadata).toEqual({ name: WITHOUT.name, namespace: WITHOUT.namespace, uid: UID });
  expect(api.calls[0][2]).not.toHaveProperty('spec');
});

test('neither is written when there is nothing to change', async () => {
  const api = client();
  await addFinalizer({ client: api.asClient() }, new FakeWork());
  await removeFinalizer({ client: api.asClient() }, new FakeWork(WITHOUT));
  expect(api.done()).toEqual([]);
});

test.each<KubeCode>(['NotFound', 'Conflict'])('a run that was deleted may be gone already: %s', async (code) => {
  await expect(removeFinalizer({ client: client(new KubeError(code, 'gone')).asClient() }, new FakeWork(GOING))).resolves.toBeUndefined();
});

test.each<[string, KubeCode, typeof GOING]>([
  ['one that is not deleted and is not there', 'NotFound', runWith()],
  ['one whose name another has', 'Conflict', runWith()],
  ['one that is deleted, and no answer', 'Unavailable', GOING],
  ['one that is deleted, and no leave', 'Forbidden', GOING],
])('the failure is passed on for %s', async (_, code, run) => {
  await expect(removeFinalizer({ client: client(new KubeError(code, 'no')).asClient() }, new FakeWork(run))).rejects.toThrow('no');
});

test('no answer to the finalizer keeps everything else from being made', async () => {
  const failing = client(new KubeError('Unavailable', 'no answer'));
  await expect(addFinalizer({ client: failing.asClient() }, new FakeWork(WITHOUT))).rejects.toThrow('no answer');
});

test('one that came with the manifest, as from a backup, is taken off by name', async () => {
  const finalizers = ['example.com/other', RUN_FINALIZER];
  const api = new FakeClient((verb, _plural, object: KubeObject) => (verb === 'apply' ? { ...object, metadata: { ...object.metadata, finalizers } } : object));
  await removeFinalizer({ client: api.asClient() }, new FakeWork());
  const path = '/metadata/finalizers/1';
  expect(api.calls[1].slice(0, 4)).toEqual(['jsonPatch', 'harnessruns', WITHOUT.name, [{ op: 'test', path, value: RUN_FINALIZER }, { op: 'remove', path }]]);
});
