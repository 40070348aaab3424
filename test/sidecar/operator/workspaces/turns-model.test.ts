import fc from 'fast-check';
import { Api, Stored } from './api';
import { addPod, addRun, addWorkspace, askDeletion, Replica, say, statusOf, WORKSPACE } from './world';
import { activeRun } from '../../../../sidecar/src/operator/workspaces/turns';
import type { WorkspaceStatus } from '../../../../src/protocol/resources';

/** What happens to runs is decided by what the API server has; only the Workspace's reconcile sees it late. */
class Model {
  readonly api = new Api();
  readonly replicas: Replica[];
  private made = 0;

  constructor() {
    addWorkspace(this.api);
    this.replicas = [new Replica(this.api), new Replica(this.api)];
  }

  add(): void {
    this.made += 1;
    addRun(this.api, `run-${this.made % 4}-${this.made}`);
  }

  /** Another run with the name of one that is gone. */
  addAgain(which: number): void {
    const gone = this.api.eventsOf('harnessruns').filter(({ name, object }) => object === undefined && this.api.get('harnessruns', name) === undefined);
    if (gone.length > 0) addRun(this.api, gone[which % gone.length].name);
  }

  /** As a run's reconcile does, by a replica that may see the Workspace late. */
  begin(which: number, replica: number): void {
    const run = this.run(which);
    const workspace = this.replicas[replica].workspaces.get('', WORKSPACE);
    if (run === undefined || isOver(run) || isDeleted(run) || workspace === undefined) return;
    if (activeRun(workspace.status)?.uid !== run.metadata.uid) return;
    const pod = addPod(this.api, run);
    if (runOf(pod) === run.metadata.uid) {
      say(this.api, 'harnessruns', run.metadata.name, { phase: 'Running', podUID: pod.metadata.uid });
    }
  }

  endPod(which: number): void {
    const pod = this.pod(which);
    if (pod !== undefined) say(this.api, 'pods', pod.metadata.name, { phase: 'Succeeded' });
  }

  /** A pod that was told to stop, or one that somebody deletes. */
  removePod(which: number): void {
    const pod = this.pod(which);
    if (pod !== undefined) this.api.put('pods', pod.metadata.name, () => undefined);
  }

  /** Also of a run whose pod is still about to stop. */
  endRun(which: number): void {
    const run = this.run(which);
    if (run !== undefined && !isOver(run)) say(this.api, 'harnessruns', run.metadata.name, { phase: 'Cancelled' });
  }

  deleteRun(which: number): void {
    const run = this.run(which);
    if (run === undefined) return;
    if (!isDeleted(run)) askDeletion(this.api, 'harnessruns', run.metadata.name);
    else if (!this.running().includes(run.metadata.uid)) this.api.put('harnessruns', run.metadata.name, () => undefined);
  }

  /** Deletes a run, and leaves its pods to go on. */
  orphan(which: number): void {
    const run = this.run(which);
    if (run === undefined) return;
    for (const pod of this.api.all('pods').filter((one) => runOf(one) === run.metadata.uid)) {
      this.api.put('pods', pod.metadata.name, () => ({ ...pod, metadata: { ...pod.metadata, ownerReferences: [], annotations: { [WAS_OF]: run.metadata.uid } } }));
    }
    this.api.put('harnessruns', run.metadata.name, () => undefined);
  }

  /** The one whose turn it is works and ends, as one replica sees it that misses nothing. */
  async turn(replica: number): Promise<void> {
    await this.replicas[replica].settle();
    const name = statusOf(this.api).activeRunRef;
    const index = this.api.all('harnessruns').findIndex(({ metadata }) => metadata.name === name);
    if (index < 0) return;
    this.begin(index, replica);
    this.endRun(index);
    if (this.made % 2 === 0) this.api.all('pods').forEach((_, which) => this.endPod(which));
  }

  touch(): void {
    this.api.put('workspaces', WORKSPACE, (before) => before);
  }

  restart(replica: number): void {
    this.replicas[replica] = new Replica(this.api);
  }

  /** UIDs of the runs that have a pod which is not over. */
  running(): string[] {
    const pods = this.api.all('pods').filter(({ status }) => status!.phase === 'Running');
    return [...new Set(pods.map(runOf))];
  }

  /** Whatever has happened, this is true. */
  check(): void {
    expect(this.running().length).toBeLessThanOrEqual(1);
    const history = this.api.eventsOf('workspaces').map(({ object }) => (object?.status ?? {}) as WorkspaceStatus);
    const turns = new Set(history.flatMap((status) => activeRun(status)?.uid ?? []));
    expect(statusOf(this.api).totalRuns ?? 0).toBe(turns.size);
    for (const uid of this.running()) expect(activeRun(statusOf(this.api))?.uid).toBe(uid);
  }

  /** Everybody sees everything, pods end, and so do the runs. */
  async drain(): Promise<void> {
    for (let turns = 0; this.api.all('harnessruns').some((run) => !isOver(run) && !isDeleted(run)); turns += 1) {
      if (turns > 60) throw new Error(`a run gets no turn: ${JSON.stringify(statusOf(this.api))}`);
      this.collectGarbage();
      await this.replicas[0].settle();
      this.api.all('harnessruns').forEach((_, which) => this.begin(which, 0));
      this.check();
      this.api.all('pods').forEach((_, which) => this.endPod(which));
      for (const [which, run] of this.api.all('harnessruns').entries()) {
        if (isDeleted(run) || (run.status?.phase === 'Running' && !this.running().includes(run.metadata.uid))) this.endRun(which);
      }
    }
  }

  /** Pods go with their run, and those without one when somebody tidies up. */
  private collectGarbage(): void {
    const there = this.api.all('harnessruns').map(({ metadata }) => metadata.uid);
    for (const pod of this.api.all('pods')) {
      if (isLeft(pod) ? isOver(pod) : !there.includes(runOf(pod))) this.api.put('pods', pod.metadata.name, () => undefined);
    }
  }

  private run(which: number): Stored | undefined {
    const all = this.api.all('harnessruns');
    return all[which % Math.max(1, all.length)];
  }

  private pod(which: number): Stored | undefined {
    const all = this.api.all('pods');
    return all[which % Math.max(1, all.length)];
  }
}

/** Marks a pod whose owner was taken off. */
const WAS_OF = 'was-of';

type PodMeta = { readonly ownerReferences: readonly { readonly uid: string }[]; readonly annotations?: Readonly<Record<string, string>> };

function isLeft({ metadata }: Stored): boolean {
  return (metadata as unknown as PodMeta).annotations?.[WAS_OF] !== undefined;
}

/** UID of the run that made a pod. */
function runOf({ metadata }: Stored): string {
  const { ownerReferences: [owner], annotations } = metadata as unknown as PodMeta;
  return owner?.uid ?? annotations![WAS_OF];
}

function isOver({ status }: Stored): boolean {
  return ['Cancelled', 'Succeeded', 'Failed'].includes(String(status?.phase));
}

function isDeleted({ metadata }: Stored): boolean {
  return metadata.deletionTimestamp !== undefined;
}

type Step = (model: Model) => unknown;

const which = fc.nat(5);
const replica = fc.nat(1);
const named = (name: string, step: Step): Step => Object.assign(step, { toString: () => name });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant(named('add', (model) => model.add())),
  which.map((n) => named(`add again ${n}`, (model) => model.addAgain(n))),
  fc.tuple(which, replica).map(([n, by]) => named(`begin ${n} by ${by}`, (model) => model.begin(n, by))),
  which.map((n) => named(`end pod ${n}`, (model) => model.endPod(n))),
  which.map((n) => named(`remove pod ${n}`, (model) => model.removePod(n))),
  which.map((n) => named(`end run ${n}`, (model) => model.endRun(n))),
  which.map((n) => named(`delete run ${n}`, (model) => model.deleteRun(n))),
  which.map((n) => named(`delete run ${n} without its pods`, (model) => model.orphan(n))),
  { weight: 2, arbitrary: replica.map((by) => named(`turn by ${by}`, (model) => model.turn(by))) },
  fc.constant(named('touch', (model) => model.touch())),
  replica.map((by) => named(`restart ${by}`, (model) => model.restart(by))),
  fc.nat(5000).map((by) => named(`${by} ms later`, (model) => { model.api.now += by; })),
  { weight: 4, arbitrary: replica.map((by) => named(`reconcile by ${by}`, (model) => model.replicas[by].reconcile())) },
  {
    weight: 4,
    arbitrary: fc.tuple(replica, fc.nat(3), fc.constantFrom(1, 2, Infinity)).map(([by, kind, events]) => (
      named(`${by} sees ${events} of ${kind}`, (model) => model.replicas[by].caches()[kind].catchUp(events)))),
  },
);

test('whatever comes, goes, ends and is seen late: one run works at a time, each is counted once, and each gets its turn', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
    const model = new Model();
    for (const one of steps) {
      await one(model);
      model.check();
    }
    await model.drain();
    model.check();
  }), { numRuns: 150 });
}, 60_000);
