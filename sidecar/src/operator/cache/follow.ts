import { withAnswers } from './answers';
import { Cache, Writing } from './cache';
import { FOLLOWED, KeptObjects, LeftOut, NamespacedKind } from './kinds';
import type { NamedPolicy } from '../../../../src/protocol/policy';
import type { KubeClient, KubeObject, Resource } from '../../kube/client';
import { sourceOf, Watch, WatchOptions } from '../../kube/watch';
import type { Meta } from '../objects/meta';
import type { Kept, OperatorDeps, World } from '../operator-deps';
import type { Change, FollowedKind } from '../wake';

export interface FollowOptions extends Pick<WatchOptions<never>, 'clock' | 'random' | 'wait'> {
  readonly client: KubeClient;
  /** Namespaces whose runs are served; no other is ever asked for. */
  readonly namespaces: readonly string[];
  readonly leftOut: LeftOut;
  /** Told why a watch has to begin anew. */
  readonly interrupted: (kind: FollowedKind, namespace: string | undefined, reason: unknown) => void;
  /** Told of all that is there, and then of each change; also of what was written through `answering`, as soon as it was. */
  readonly changed: (change: Change) => void;
}

export interface FollowedWorld extends World {
  /** The client by which objects are to be written, so that each write can be seen here at once. */
  answering(client: OperatorDeps['client']): OperatorDeps['client'];
  /** Why answers about a namespace, and about the whole cluster, cannot be relied on; undefined when they can. */
  problem(namespace: string): string | undefined;
  close(): Promise<void>;
}

/** One watch and what it has told. */
interface Followed<T extends Meta = Meta> {
  readonly name: string;
  /** Undefined for the whole cluster. */
  readonly namespace?: string;
  readonly cache: Cache<T>;
  staleSince(): number | undefined;
  close(): Promise<void>;
  begin(namespace: string, name: string): Writing<KubeObject>;
}

const CLUSTER = '';

/** Follows everything that runs depend on. It answers from the beginning, and has a `problem` until everything was read once. */
export function followWorld(options: FollowOptions): FollowedWorld {
  const { client, namespaces, clock } = options;
  const policies = new Map<string, readonly NamedPolicy[]>();
  const changed = (kind: FollowedKind, before: Meta | undefined, after: Meta | undefined): void => {
    const { namespace, name } = (after ?? before)!;
    if (kind === 'BrokerPolicy') policies.delete(namespace);
    options.changed({ kind, namespace, name, before, after });
  };
  const follow = <Kind extends FollowedKind>(kind: Kind, namespace?: string): Followed<KeptObjects[Kind]> => {
    const { resource, keep } = FOLLOWED[kind];
    const checked = (object: KubeObject) => keep(object, options.leftOut) as KeptObjects[Kind] | undefined;
    const cache = new Cache<KeptObjects[Kind]>((before, after) => changed(kind, before, after));
    const watch = new Watch({
      source: sourceOf(client, { ...resource, namespace }),
      keep: checked,
      sink: cache,
      clock,
      random: options.random,
      wait: options.wait,
      interrupted: (reason) => options.interrupted(kind, namespace, reason),
    });
    const begin = (...place: readonly [string, string]): Writing<KubeObject> => {
      const writing = cache.begin(...place);
      return { ended: (answer) => writing.ended(answer === undefined ? undefined : checked(answer)) };
    };
    return { name: namespace === undefined ? kind : `${kind} in ${namespace}`, namespace, cache, begin, staleSince: () => watch.staleSince(), close: () => watch.close() };
  };
  const ofAll = <Kind extends NamespacedKind>(kind: Kind) => new Map(namespaces.map((namespace) => [namespace, follow(kind, namespace)]));

  const followed = {
    HarnessRun: ofAll('HarnessRun'),
    HarnessTemplate: ofAll('HarnessTemplate'),
    ClusterHarnessTemplate: new Map([[CLUSTER, follow('ClusterHarnessTemplate')]]),
    BrokerPolicy: ofAll('BrokerPolicy'),
    Workspace: ofAll('Workspace'),
    Pod: ofAll('Pod'),
    PersistentVolumeClaim: ofAll('PersistentVolumeClaim'),
    NetworkPolicy: ofAll('NetworkPolicy'),
  } satisfies { readonly [Kind in FollowedKind]: ReadonlyMap<string, Followed<KeptObjects[Kind]>> };
  const all = Object.values(followed).flatMap((ofKind): readonly Pick<Followed, 'name' | 'namespace' | 'staleSince' | 'close'>[] => [...ofKind.values()]);

  return {
    runs: kept(followed.HarnessRun),
    pods: kept(followed.Pod),
    workspaces: kept(followed.Workspace),
    claims: kept(followed.PersistentVolumeClaim),
    templates: kept(followed.HarnessTemplate),
    clusterTemplates: kept(followed.ClusterHarnessTemplate),
    brokerPolicies: kept(followed.BrokerPolicy),
    template: (namespace, name) => followed.HarnessTemplate.get(namespace)?.cache.get(namespace, name)?.spec,
    clusterTemplate: (name) => followed.ClusterHarnessTemplate.get(CLUSTER)!.cache.get(CLUSTER, name)?.spec,
    policies: (namespace) => {
      const known = policies.get(namespace) ?? namedPolicies(followed.BrokerPolicy.get(namespace)?.cache.of(namespace) ?? []);
      policies.set(namespace, known);
      return known;
    },
    networkPolicySpec: (namespace, name) => followed.NetworkPolicy.get(namespace)?.cache.get(namespace, name)?.spec,
    answering: (writer) => withAnswers(writer, ({ group, plural, namespace = CLUSTER }, name) => {
      const kind = kindOf(group, plural);
      return kind === undefined ? undefined : followed[kind].get(namespace)?.begin(namespace, name);
    }),
    problem: (asked) => {
      const counts = ({ namespace }: Pick<Followed, 'namespace'>) => namespace === undefined || namespace === asked;
      const stale = all.find((one) => counts(one) && one.staleSince() !== undefined);
      return stale === undefined ? undefined : staleText(stale.name, stale.staleSince()!, clock());
    },
    close: async () => {
      await Promise.all(all.map((one) => one.close()));
    },
  };
}

/** The caches of all namespaces as one. A namespace that is not served has nothing. */
function kept<T extends Meta>(followed: ReadonlyMap<string, Followed<T>>): Kept<T> {
  return {
    get: (namespace, name) => followed.get(namespace)?.cache.get(namespace, name),
    of: (namespace) => followed.get(namespace)?.cache.of(namespace) ?? [],
  };
}

function namedPolicies(policies: Iterable<KeptObjects['BrokerPolicy']>): readonly NamedPolicy[] {
  return [...policies].map(({ name, spec }) => ({ name, spec })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function kindOf(group: string, plural: string): FollowedKind | undefined {
  const kinds = Object.entries(FOLLOWED) as [FollowedKind, { readonly resource: Resource }][];
  return kinds.find(([, { resource }]) => resource.group === group && resource.plural === plural)?.[0];
}

function staleText(name: string, since: number, now: number): string {
  return Number.isFinite(since) ? `the state of ${name} is unknown for ${Math.round((now - since) / 1000)} s` : `not read yet: ${name}`;
}
