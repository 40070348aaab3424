import { CatalogState } from './catalog-state';
import { Confirmation, NamespaceReads } from './confirmation';
import { LeftOut, Projected, projection, ReadKind, resourceOf } from './custom-objects';
import { KubernetesSecrets } from './kubernetes-secrets';
import { LateReads } from './late-reads';
import { LeftOutObjects } from './left-out-objects';
import type { KindName } from '../../../../../src/protocol/resources';
import type { KubeClient } from '../../../kube/client';
import { sourceOf, Watch, WatchOptions, WatchSink } from '../../../kube/watch';
import type { Catalog } from '../catalog';

export interface KubernetesCatalogOptions extends Pick<WatchOptions<never>, 'clock' | 'random' | 'wait'> {
  readonly client: KubeClient;
  /** Namespaces whose runs are served; no other is ever asked for. */
  readonly namespaces: readonly string[];
  /** Told of each object that cannot be used, each time it is read. */
  readonly leftOut: LeftOut;
  /** Told why a watch has to begin anew. */
  readonly interrupted: (kind: KindName, namespace: string | undefined, reason: unknown) => void;
}

/** A watch, for messages. */
interface Followed {
  readonly name: string;
  readonly kind: ReadKind;
  readonly watch: Pick<Watch<unknown>, 'staleSince' | 'heardAt' | 'close'>;
  readonly leftOut: Pick<LeftOutObjects<unknown>, 'size'>;
}

export interface KubernetesCatalog extends Catalog {
  /** Seconds since each of its watches was heard; Infinity before everything was read once. */
  age(): number;
  /** Objects that are left out now, by kind. */
  refusedObjects(): Readonly<Record<string, number>>;
}

/**
 * The catalog of the API server: it follows runs, templates and policies, and reads Secrets one by one. It answers from the
 * beginning, and is unready until everything was read once, or whenever a watch cannot be relied on.
 */
export function openKubernetesCatalog(options: KubernetesCatalogOptions): KubernetesCatalog {
  const { client, namespaces, clock } = options;
  const state = new CatalogState(namespaces);
  const followed: Followed[] = [];
  const follow = <Kind extends ReadKind>(kind: Kind, namespace: string | undefined, sink: WatchSink<Projected<Kind>>): void => {
    const leftOut = new LeftOutObjects(sink, projection(kind, options.leftOut));
    const watch = new Watch({
      source: sourceOf(client, resourceOf(kind, namespace)),
      keep: (object) => leftOut.keep(object),
      sink: leftOut,
      clock,
      random: options.random,
      wait: options.wait,
      interrupted: (reason) => {
        leftOut.interrupted();
        options.interrupted(kind, namespace, reason);
      },
    });
    followed.push({ name: namespace === undefined ? kind : `${kind} in ${namespace}`, kind, watch, leftOut });
  };
  const clusterTemplates = new LateReads(state.clusterTemplates());
  follow('ClusterHarnessTemplate', undefined, clusterTemplates);
  const reads = new Map(namespaces.map((namespace): [string, NamespaceReads] => {
    const sinks = {
      runs: new LateReads(state.runs(namespace)),
      templates: new LateReads(state.templates(namespace)),
      policies: new LateReads(state.policies(namespace)),
    };
    follow('HarnessRun', namespace, sinks.runs);
    follow('HarnessTemplate', namespace, sinks.templates);
    follow('BrokerPolicy', namespace, sinks.policies);
    return [namespace, sinks];
  }));
  const secrets = new KubernetesSecrets(client, clock);
  const confirmation = new Confirmation({ client, clock, leftOut: options.leftOut, snapshot: () => state.snapshot(), reads, clusterTemplates });

  return {
    snapshot: () => state.snapshot(),
    secret: (namespace, name, key) => secrets.value(namespace, name, key),
    confirm: (run) => confirmation.of(run),
    unready: () => {
      const stale = followed.find(({ watch }) => watch.staleSince() !== undefined);
      return stale === undefined ? undefined : staleText(stale, clock());
    },
    age: () => (clock() - Math.min(...followed.map(({ watch }) => watch.heardAt() ?? -Infinity))) / 1000,
    refusedObjects: () => {
      const counts: Record<string, number> = {};
      for (const { kind, leftOut } of followed) counts[kind] = (counts[kind] ?? 0) + leftOut.size;
      return counts;
    },
    close: async () => {
      await Promise.all(followed.map(({ watch }) => watch.close()));
    },
  };
}

function staleText({ name, watch }: Followed, now: number): string {
  const since = watch.staleSince()!;
  return Number.isFinite(since) ? `the catalog is stale: the state of ${name} is unknown for ${Math.round((now - since) / 1000)} s` : `the catalog is not read yet: ${name}`;
}
