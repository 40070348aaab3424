import { Api, LaggingCache, NAMESPACE, Stored } from './api';
import { withAnswers } from '../../../../sidecar/src/operator/cache/answers';
import type { Meta } from '../../../../sidecar/src/operator/objects/meta';
import { podOf } from '../../../../sidecar/src/operator/objects/pod';
import { runOf } from '../../../../sidecar/src/operator/objects/run';
import { claimOf, workspaceOf } from '../../../../sidecar/src/operator/objects/workspace';
import type { Again, OperatorDeps, OperatorSettings, World } from '../../../../sidecar/src/operator/operator-deps';
import { reconcileWorkspace } from '../../../../sidecar/src/operator/workspaces/reconcile-workspace';
import { API_GROUP_VERSION, LABELS } from '../../../../src/protocol/names';
import type { NamedPolicy } from '../../../../src/protocol/policy';
import { problemsWith, WorkspaceSpec, WorkspaceStatus } from '../../../../src/protocol/resources';
import { runPod } from '../../../../src/protocol/runs';

export const WORKSPACE = 'repo';
export const CLAIM = 'ws-repo';

export const SETTINGS: OperatorSettings = {
  platform: 'agents',
  sidecar: { image: 'registry.example/sidecar', pinned: false },
  seedImage: 'registry.example/git',
  workspaceSize: '2Gi',
  podSecurityVersion: 'v1.30',
};

/** One replica of the operator. */
export class Replica {
  policies: readonly NamedPolicy[] = [];
  readonly events: string[] = [];
  readonly woken: string[] = [];
  readonly runs: LaggingCache<ReturnType<typeof runOf>>;
  readonly pods: LaggingCache<ReturnType<typeof podOf>>;
  readonly workspaces: LaggingCache<ReturnType<typeof workspaceOf>>;
  readonly claims: LaggingCache<ReturnType<typeof claimOf>>;

  constructor(readonly api: Api) {
    this.runs = new LaggingCache(api, 'harnessruns', runOf);
    this.pods = new LaggingCache(api, 'pods', podOf);
    this.workspaces = new LaggingCache(api, 'workspaces', workspaceOf);
    this.claims = new LaggingCache(api, 'persistentvolumeclaims', claimOf);
  }

  caches(): readonly LaggingCache<Meta>[] {
    return [this.runs, this.pods, this.workspaces, this.claims];
  }

  deps(): Pick<OperatorDeps, 'world' | 'client' | 'settings' | 'events' | 'clock' | 'wakeWorkspace'> {
    const { runs, pods, workspaces, claims } = this;
    return {
      world: { runs, pods, workspaces, claims, policies: () => this.policies } as unknown as World,
      client: withAnswers(this.api.client(), ({ plural }) => {
        const written = this.caches().find((cache) => cache.plural === plural);
        return { ended: (answer) => answer && written?.answered(answer) };
      }),
      settings: SETTINGS,
      events: { record: (involved, type, reason, note) => this.events.push(`${type} ${reason} ${involved.kind}/${involved.name}: ${note}`) },
      clock: () => this.api.now,
      wakeWorkspace: (namespace, name) => this.woken.push(`${namespace}/${name}`),
    };
  }

  reconcile(name = WORKSPACE): Promise<Again> {
    return reconcileWorkspace(this.deps(), NAMESPACE, name);
  }

  /** As often as it takes, with everything known. */
  async settle(name = WORKSPACE): Promise<Again> {
    let again: Again = 0;
    for (let passes = 0; again === 0 || passes < 2; passes += 1) {
      if (passes > 5) throw new Error('it does not settle');
      this.caches().forEach((cache) => cache.catchUp(Infinity));
      again = await this.reconcile(name);
    }
    return again;
  }
}

export function addWorkspace(api: Api, spec: Partial<WorkspaceSpec> = {}, name = WORKSPACE, owner?: string): Stored {
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', uid: owner, controller: true }];
  return api.put('workspaces', name, () => ({ metadata: { name, ownerReferences }, spec: { storage: { size: '1Gi' }, ...spec } }))!;
}

export function addRun(api: Api, name: string, spec: Readonly<Record<string, unknown>> = { workspaceRef: WORKSPACE }): Stored {
  return api.put('harnessruns', name, () => ({ metadata: { name }, spec: { templateRef: { name: 'coder' }, ...spec } }))!;
}

export function addPod(api: Api, run: Stored, attempt = 0, more: Readonly<Record<string, unknown>> = {}): Stored {
  const name = runPod(run.metadata.name, attempt);
  const { workspaceRef = `${run.metadata.name}-ws` } = run.spec as { workspaceRef?: string };
  const labels = { [LABELS.run]: run.metadata.name, [LABELS.attempt]: `${attempt}`, [LABELS.runWorkspace]: workspaceRef };
  const ownerReferences = [{ kind: 'HarnessRun', name: run.metadata.name, uid: run.metadata.uid, controller: true }];
  return api.put('pods', name, (before) => before ?? { metadata: { name, labels, ownerReferences }, status: { phase: 'Running', ...more } })!;
}

/** A run whose turn has come, with a pod that works unless its status says otherwise. */
export async function startRun(replica: Replica, name: string, status: Readonly<Record<string, unknown>> = {}): Promise<Stored> {
  const run = addRun(replica.api, name);
  await replica.settle();
  addPod(replica.api, run, 0, status);
  return run;
}

/** Changes the status of an object that is there. */
export function say(api: Api, plural: Parameters<Api['put']>[0], name: string, status: Readonly<Record<string, unknown>>): void {
  api.put(plural, name, (before) => ({ ...before, status: { ...before?.status, ...status } }));
}

/** Asks for the deletion of an object that something keeps. */
export function askDeletion(api: Api, plural: Parameters<Api['put']>[0], name: string, at = api.now): void {
  api.put(plural, name, (before) => ({ ...before, metadata: { ...before!.metadata, deletionTimestamp: new Date(at).toISOString() } }));
}

export function seedOf(...exitCodes: readonly (number | undefined)[]): Readonly<Record<string, unknown>> {
  const state = (exitCode: number | undefined) => (exitCode === undefined ? { running: {} } : { terminated: { exitCode } });
  return { initContainerStatuses: exitCodes.map((exitCode) => ({ name: 'seed', restartCount: 0, state: state(exitCode) })) };
}

/** The status as the API server has it, which keeps to the schema of its kind. */
export function statusOf(api: Api, name = WORKSPACE): WorkspaceStatus {
  const object = api.get('workspaces', name)!;
  expect(problemsWith('Workspace', { apiVersion: 'paddock.dev/v1alpha1', kind: 'Workspace', ...object })).toEqual([]);
  return (object.status ?? {}) as WorkspaceStatus;
}

/** Whose turn it is, and how many there have been. */
export function turnOf(api: Api): readonly [run: string | undefined, total: number | undefined] {
  const { activeRunRef, totalRuns } = statusOf(api);
  return [activeRunRef, totalRuns];
}

/** `True Bound`. */
export function conditionIn({ conditions = [] }: WorkspaceStatus, type: string): string | undefined {
  const found = conditions.find((one) => one.type === type);
  return found && `${found.status} ${found.reason}`;
}
