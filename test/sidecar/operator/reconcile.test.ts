import { FakeClient, metaNamed, SETTINGS, worldOf } from './runs/fake-run';
import { FakeBroker } from './runs/leases/lease-world';
import type { OperatorDeps } from '../../../sidecar/src/operator/operator-deps';
import { reconcile } from '../../../sidecar/src/operator/reconcile';
import { keyOf, keyText, WorkedOn, WORKED_ON } from '../../../sidecar/src/operator/wake';
import { capturedLog } from '../server/frame';

const KEPT = { HarnessRun: 'runs', Workspace: 'workspaces', HarnessTemplate: 'templates', ClusterHarnessTemplate: 'clusterTemplates', BrokerPolicy: 'brokerPolicies' } as const satisfies Record<WorkedOn, keyof OperatorDeps['world']>;

function replica() {
  const client = new FakeClient();
  const asked: string[] = [];
  const world = worldOf({ templates: { coder: { image: 'i', command: ['c'] } }, clusterTemplates: { coder: { image: 'i', command: ['c'] } }, policies: { all: { appliesToTemplates: ['*'], grants: {} } } });
  for (const kept of Object.values(KEPT)) {
    const { get } = Object.getPrototypeOf(world[kept]);
    jest.spyOn(world[kept], 'get').mockImplementation((namespace: string, name: string) => {
      asked.push(`${kept} ${namespace}/${name}`);
      return get.call(world[kept], namespace, name);
    });
  }
  const deps = {
    world,
    client: client.asClient(),
    broker: new FakeBroker(),
    settings: SETTINGS,
    events: { record: () => undefined },
    clock: () => 0,
    log: capturedLog().log,
    wakeWorkspace: () => undefined,
  };
  return { client, asked, deps: deps as unknown as OperatorDeps };
}

test.each(WORKED_ON)('an object of the kind %s is looked for among its own kind, and nothing is done when it is gone', async (kind) => {
  const { client, asked, deps } = replica();
  const namespace = kind === 'ClusterHarnessTemplate' ? '' : 'team';
  expect(await reconcile(deps, keyOf(keyText({ kind, namespace, name: 'gone' })))).toBeUndefined();
  expect(asked).toEqual([`${KEPT[kind]} ${namespace}/gone`]);
  expect(client.calls).toEqual([]);
});

test.each<[WorkedOn, string, string, string]>([
  ['HarnessTemplate', 'team', 'coder', 'harnesstemplates'],
  ['ClusterHarnessTemplate', '', 'coder', 'clusterharnesstemplates'],
  ['BrokerPolicy', 'team', 'all', 'brokerpolicies'],
])('what is said of a %s is written to that object', async (kind, namespace, name, plural) => {
  const { client, deps } = replica();
  await reconcile(deps, { kind, namespace, name });
  expect(client.calls).toMatchObject([['apply', plural, { kind, metadata: { name, uid: metaNamed(name).uid } }, { subresource: 'status' }]]);
});
