import { FakeClient, metaNamed, RUN, runWith, UID, worldOf } from './fake-run';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { Run } from '../../../../sidecar/src/operator/objects/run';
import type { OperatorDeps } from '../../../../sidecar/src/operator/operator-deps';
import { writeStatus } from '../../../../sidecar/src/operator/runs/write-run';
import type { HarnessRunStatus } from '../../../../src/protocol/resources';

const STATUS = { phase: 'Running' } as const;
const RUN_THERE = runWith({}, metaNamed(RUN, { uid: UID, resourceVersion: '4' }));

/** An API server that has the run at a version, under a UID, and a watch that has told something. */
function world(present: { readonly uid: string; readonly resourceVersion: string }, told: Run | undefined = RUN_THERE, there: HarnessRunStatus = {}) {
  const client = new FakeClient((verb, _plural, object) => {
    if (verb === 'get') return { metadata: { name: RUN, ...present }, status: there };
    return object.metadata.resourceVersion === present.resourceVersion ? undefined : new KubeError('Conflict', 'PATCH /x: 409 Conflict');
  });
  const runs = { get: () => told, of: () => [] };
  const deps = { client: client.asClient(), world: { ...worldOf(), runs } } as unknown as OperatorDeps;
  return { client, write: () => writeStatus(deps, RUN_THERE, {}, STATUS) };
}

const versions = (client: FakeClient) => client.calls.filter(([verb]) => verb === 'apply').map(([, , object]) => object.metadata.resourceVersion);

test('a status is written over the version that is known', async () => {
  const { client, write } = world({ uid: UID, resourceVersion: '4' });
  await write();
  expect(client.calls).toEqual([['apply', 'harnessruns', {
    apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name: RUN, namespace: 'team', uid: UID, resourceVersion: '4' }, status: STATUS,
  }, { fieldManager: 'cdk8s-agent-platform-operator', subresource: 'status' }]]);
});

test('what the watch has told since counts', async () => {
  const { client, write } = world({ uid: UID, resourceVersion: '5' }, { ...RUN_THERE, resourceVersion: '5' });
  await write();
  expect(client.done()).toEqual(['apply harnessruns']);
});

test('a run that others have written meanwhile is looked at, and written', async () => {
  const { client, write } = world({ uid: UID, resourceVersion: '7' });
  await write();
  expect(client.done()).toEqual(['apply harnessruns', 'get harnessruns', 'apply harnessruns']);
  expect(versions(client)).toEqual(['4', '7']);
});

test.each<[string, Run | undefined]>([
  ['before the watch tells', RUN_THERE],
  ['once the watch has told', { ...RUN_THERE, uid: 'another-uid', resourceVersion: '9' }],
  ['once the watch has told that the first is gone', undefined],
])('a run that has the name by now is not written, %s', async (_when, told) => {
  const { client, write } = world({ uid: 'another-uid', resourceVersion: '9' }, told);
  await expect(write()).rejects.toMatchObject({ code: 'Conflict' });
  expect(versions(client)).toEqual(['4']);
});

test.each<[string, Run]>([
  ['before the watch tells', RUN_THERE],
  ['once the watch has told', { ...RUN_THERE, resourceVersion: '7', status: { attempt: 1 } }],
])('a status that was written since is not undone by what a watch that was behind has shown, %s', async (_when, told) => {
  const { client, write } = world({ uid: UID, resourceVersion: '7' }, told, { attempt: 1 });
  await expect(write()).rejects.toMatchObject({ code: 'Conflict' });
  expect(versions(client)).toEqual(['4']);
});

test('a status whose own answer was lost is there, and is written over', async () => {
  const { client, write } = world({ uid: UID, resourceVersion: '7' }, RUN_THERE, STATUS);
  await write();
  expect(versions(client)).toEqual(['4', '7']);
});

test('another failure is that of the call, without a second look', async () => {
  const error = new KubeError('Unavailable', 'PATCH /x: no answer');
  const client = new FakeClient(() => error);
  const deps = { client: client.asClient(), world: worldOf() } as unknown as OperatorDeps;
  await expect(writeStatus(deps, RUN_THERE, {}, STATUS)).rejects.toBe(error);
  expect(client.done()).toEqual(['apply harnessruns']);
});
