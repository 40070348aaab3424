import { Cluster, objectsIn } from './cluster';
import type { KubeObject, Resource } from '../../sidecar/src/kube/client';
import { OPERATOR_MANAGER, RUN_FINALIZER, runObjects, runPod, workspaceClaim } from '../../src/protocol/runs';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What one run has left, as the operator made it. */
interface Model {
  readonly run: KubeObject;
  readonly workspace: KubeObject;
  /** In the order in which they are made; the pod is not among them. */
  readonly made: readonly (readonly [plural: string, group: string, object: KubeObject])[];
  readonly pod: KubeObject;
}

/** Milliseconds from any beginning. */
export interface BareRun {
  readonly podBegan: number;
  readonly podMade: number;
}

/** A client that does what it is told: the calls that a run cost, one after the other, and nothing besides. */
export interface BareClient {
  /** Calls that the operator has made and this client does not make. */
  readonly leftOut: readonly string[];
  /** Does the others for a run that was submitted. */
  serve(run: KubeObject): Promise<BareRun>;
}

const KNOWN = [
  'get configmaps', 'get harnessruns', 'get workspaces', 'apply harnessruns', 'apply workspaces', 'create workspaces', 'create persistentvolumeclaims',
  'create networkpolicies', 'create secrets', 'create pods',
];

/** As many calls of each kind as `calls` says, with the objects that the run of that name has left. */
export async function bareClient(cluster: Cluster, namespace: string, name: string, calls: ReadonlyMap<string, number>): Promise<BareClient> {
  const { account } = cluster;
  const model = await modelOf(cluster, namespace, name);
  const times = (call: string): number => Math.round(calls.get(call) ?? 0);
  const by = { fieldManager: OPERATOR_MANAGER };
  return {
    leftOut: [...calls.keys()].filter((call) => !KNOWN.includes(call) && times(call) > 0),
    serve: async ({ metadata }) => {
      const where = String(metadata.namespace);
      const [runs, workspaces] = [objectsIn(where, 'harnessruns'), objectsIn(where, 'workspaces')];
      const repeat = async (call: string, less: number, work: (at: number) => Promise<unknown>): Promise<void> => {
        for (let at = 0; at < times(call) - less; at++) await work(at);
      };
      const names = new Map([[name, metadata.name], [namespace, where], [String(model.run.metadata.uid), String(metadata.uid)]]);
      const head = { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name: metadata.name, namespace: where, uid: metadata.uid } };
      const told = (resource: Resource, of: KubeObject, at: number) => {
        const { apiVersion, kind, metadata: { name: object } } = renamed(of, names);
        return account.apply(resource, { apiVersion, kind, metadata: { name: object, namespace: where }, status: stepOf(renamed(of, names, true), at) }, { ...by, subresource: 'status' });
      };

      await repeat('get configmaps', 0, () => account.get(objectsIn(where, 'configmaps', ''), 'agent-trust'));
      await repeat('get harnessruns', 0, () => account.get(runs, metadata.name));
      if (times('apply harnessruns') > 0) await account.apply(runs, { ...head, metadata: { ...head.metadata, finalizers: [RUN_FINALIZER] } }, by);
      const { uid } = (await account.create(workspaces, renamed(model.workspace, names), by)).metadata;
      names.set(String(model.workspace.metadata.uid), String(uid));
      await repeat('get workspaces', 0, () => account.get(workspaces, runObjects(metadata.name).workspace));
      await repeat('apply workspaces', 0, (at) => told(workspaces, model.workspace, at));
      for (const [plural, group, object] of model.made) await account.create(objectsIn(where, plural, group), renamed(object, names), by);
      const podBegan = performance.now();
      await account.create(objectsIn(where, 'pods', ''), renamed(model.pod, names), by);
      const podMade = performance.now();
      await repeat('apply harnessruns', 2, (at) => told(runs, model.run, at));
      if (times('apply harnessruns') > 1) await account.apply(runs, head, by);
      return { podBegan, podMade };
    },
  };
}

async function modelOf({ admin }: Cluster, namespace: string, name: string): Promise<Model> {
  const names = runObjects(name);
  const get = (plural: string, group: string | undefined, object: string) => admin.get(objectsIn(namespace, plural, group), object);
  const made = [
    ['persistentvolumeclaims', '', workspaceClaim(names.workspace)], ['networkpolicies', 'networking.k8s.io', names.networkPolicy],
    ['secrets', '', names.credentials], ['secrets', '', names.egress], ['secrets', '', names.prompt],
  ] as const;
  return {
    run: await get('harnessruns', undefined, name),
    workspace: await get('workspaces', undefined, names.workspace),
    made: await Promise.all(made.map(async ([plural, group, object]) => [plural, group, await get(plural, group, object)] as const)),
    pod: await get('pods', '', runPod(name, 0)),
  };
}

/** The object for another run: without what the API server adds, and without its status unless that is wanted alone. */
function renamed(object: KubeObject, names: ReadonlyMap<string, string>, statusAlone = false): any {
  const { metadata: { name, namespace, labels, annotations, ownerReferences }, status, ...rest } = object;
  const wanted = statusAlone ? status : { ...rest, metadata: { name, namespace, labels, annotations, ownerReferences } };
  return JSON.parse([...names].reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(wanted)));
}

/** Each write of a status is another than the one before, or it would not be written. */
function stepOf(status: any, at: number): object {
  return { ...status, conditions: status.conditions.map((one: object) => ({ ...one, message: `step ${at}` })) };
}
