import { PLANTED, runWith, worldOf } from './fake-run';
import type { KubeObject } from '../../../../sidecar/src/kube/client';
import { runOf } from '../../../../sidecar/src/operator/objects/run';
import type { OperatorDeps } from '../../../../sidecar/src/operator/operator-deps';
import { openWork } from '../../../../sidecar/src/operator/runs/open-work';

/** Answers as the API server does: with the keys of every object in the order of the alphabet. */
function sorted(value: any): any {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function world() {
  const applied: KubeObject[] = [];
  const client = {
    apply: (_resource: unknown, object: KubeObject): Promise<KubeObject> => {
      applied.push(object);
      return Promise.resolve(sorted({ ...object, metadata: { ...object.metadata, resourceVersion: String(applied.length) }, spec: { templateRef: { name: 'coder' }, prompt: PLANTED } }));
    },
  };
  const deps = { client, world: worldOf(), events: { record: () => undefined }, clock: () => 0 };
  return { applied, deps: deps as unknown as OperatorDeps };
}

const isFine = { podIPs: ['10.0.0.1'], phase: 'Running', agentPhase: 'running' } as const;

test('a status that is there already is not written again, in whatever order the API server has told it', async () => {
  const { applied, deps } = world();
  const first = openWork(deps, runWith());
  first.set(isFine);
  first.condition('PodReady', 'Running', 'the agent runs');
  await first.commit();
  const answer = sorted({ ...applied[0], metadata: { ...applied[0].metadata, generation: 1 }, spec: { templateRef: { name: 'coder' } } });
  const second = openWork(deps, runOf(answer));
  second.set(isFine);
  second.condition('PodReady', 'Running', 'the agent runs');
  await second.commit();
  expect(applied).toHaveLength(1);
});

test('another message alone is written', async () => {
  const { applied, deps } = world();
  const work = openWork(deps, runWith());
  work.condition('PodReady', 'Pending', 'the pod waits for a node');
  await work.commit();
  work.condition('PodReady', 'Pending', 'the pod is getting ready');
  await work.commit();
  expect(applied).toHaveLength(2);
});

test('what was written once is not written again at the end of the reconcile', async () => {
  const { applied, deps } = world();
  const work = openWork(deps, runWith());
  work.set(isFine);
  await work.commit();
  await work.commit();
  expect(applied).toHaveLength(1);
});

test('a write that failed is tried again', async () => {
  const { applied, deps } = world();
  const { apply } = deps.client;
  const refuse = jest.spyOn(deps.client, 'apply').mockRejectedValueOnce(new Error('no')).mockImplementation(apply);
  const work = openWork(deps, runWith());
  work.set(isFine);
  await expect(work.commit()).rejects.toThrow('no');
  await work.commit();
  expect(refuse).toHaveBeenCalledTimes(2);
  expect(applied).toHaveLength(1);
});
