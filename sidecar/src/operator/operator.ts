import { FollowedWorld, followWorld } from './cache/follow';
import { countedClient } from './counted-client';
import { Definitions } from './definitions';
import { leaderClient, NotLeading } from './leader-client';
import type { OperatorMetrics } from './metrics';
import type { Meta } from './objects/meta';
import type { Run } from './objects/run';
import type { Again, Kept, OperatorDeps, World } from './operator-deps';
import { WorkQueue } from './queue/work-queue';
import { reconcile } from './reconcile';
import { inTerms } from './terms';
import { keyText, keyOf, Wake, WorkedOn, WorkKey } from './wake';
import type { Wait } from '../kube/back-off';
import type { KubeClient } from '../kube/client';
import type { Clock } from '../server/time/clock';
import type { After } from '../server/time/timers';

export interface OperatorOptions extends Pick<OperatorDeps, 'broker' | 'settings' | 'events' | 'clock' | 'log'> {
  readonly client: KubeClient;
  /** Namespaces whose runs are served; no other is ever asked for. */
  readonly namespaces: readonly string[];
  /** Whether this replica acts. */
  readonly isLeader: () => boolean;
  /** Objects that are worked on at the same time. */
  readonly workers: number;
  readonly metrics: OperatorMetrics;
  /** What durations are measured by. */
  readonly steady: Clock;
  readonly after: After;
  readonly random: () => number;
  readonly wait: Wait;
}

export interface Operator {
  /** Why runs of no namespace can be worked on; undefined when they can. A namespace that cannot be read is none: it is counted and logged. */
  problem(): string | undefined;
  /** Resolves when nothing is under way. */
  close(): Promise<void>;
}

/** Milliseconds until an object is looked at again whose surroundings are not known. */
const UNKNOWN_AGAIN = 5_000;

/** Of what belongs to no namespace. */
const CLUSTER = '';

/** Follows what is there, and works on what has changed while it leads. */
export function openOperator(options: OperatorOptions): Operator {
  const { namespaces, isLeader, metrics, log, steady, after, random } = options;
  const wake = new Wake();
  const definitions = new Definitions(steady);
  let acting = false;
  const queue = new WorkQueue({
    work: (key) => work(key),
    workers: options.workers,
    clock: steady,
    after,
    random,
    failed: (key, err) => {
      if (err instanceof NotLeading) return;
      if (definitions.lack(err) === undefined) log.warn({ object: key, err }, 'an object could not be worked on; it is tried again');
      else log.error({ object: key, err }, `its status cannot be written: ${definitions.problem()}`);
    },
  });
  const world = followWorld({
    client: options.client,
    namespaces,
    clock: steady,
    random,
    wait: options.wait,
    leftOut: (kind, problem) => log.warn({ kind, problem }, 'an object breaks the rules of its kind and is left out'),
    interrupted: (kind, namespace, err) => log.warn({ kind, namespace, err }, 'a watch was interrupted and begins anew'),
    changed: (change) => {
      if (change.kind === 'HarnessRun' && isLeader()) metrics.runChanged(change.before as Run | undefined, change.after as Run | undefined);
      const keys = wake.keysFor(change);
      // A replica that stands by would collect those of everything that ever was.
      if (acting) keys.forEach((key) => queue.add(keyText(key)));
    },
  });
  const deps: OperatorDeps = {
    ...options,
    world,
    client: world.answering(leaderClient(countedClient(options.client, metrics), isLeader)),
    wakeWorkspace: (namespace, name) => queue.add(keyText({ kind: 'Workspace', namespace, name })),
  };
  const work = async (text: string): Promise<Again> => {
    const key = keyOf(text);
    // A namespace that cannot be read, as it is gone or its rights are, holds up no other.
    if (world.problem(key.namespace) !== undefined) return UNKNOWN_AGAIN;
    return metrics.reconciled(key.kind, () => reconcile(deps, key));
  };
  metrics.observe({
    queue,
    leading: isLeader,
    runs: () => runsOf(world, namespaces),
    unknownNamespaces: () => namespaces.filter((namespace) => world.problem(namespace) !== undefined).length,
    lackingDefinitions: () => definitions.problem() !== undefined,
  });
  const endTerms = inTerms({
    mayAct: () => isLeader() && world.problem(CLUSTER) === undefined,
    begin: () => {
      acting = true;
      for (const key of everything(world, namespaces)) queue.add(keyText(key));
      queue.start();
    },
    end: () => {
      acting = false;
      return queue.stop();
    },
    after,
  });
  return { problem: () => world.problem(CLUSTER) ?? definitions.problem(), close: () => closed(endTerms, world) };
}

async function closed(endTerms: () => Promise<void>, world: FollowedWorld): Promise<void> {
  await endTerms();
  await world.close();
}

function* runsOf(world: World, namespaces: readonly string[]): Iterable<Run> {
  for (const namespace of namespaces) yield* world.runs.of(namespace);
}

/** What a replica looks at when it begins to act. */
function* everything(world: World, namespaces: readonly string[]): Iterable<WorkKey> {
  const { workspaces: Workspace, templates: HarnessTemplate, brokerPolicies: BrokerPolicy, runs: HarnessRun } = world;
  const kinds = { Workspace, HarnessTemplate, BrokerPolicy, HarnessRun };
  for (const { name } of world.clusterTemplates.of(CLUSTER)) yield { kind: 'ClusterHarnessTemplate', namespace: CLUSTER, name };
  for (const [kind, kept] of Object.entries(kinds) as [WorkedOn, Kept<Meta>][]) {
    for (const namespace of namespaces) for (const { name } of kept.of(namespace)) yield { kind, namespace, name };
  }
}
