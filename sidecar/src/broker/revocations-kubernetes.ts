import type { RunName } from './authorize';
import { resourceOf } from './catalog/custom-objects';
import { isOver, MemoryRevocations, Revocations } from './revocations';
import { OBJECTS } from '../../../src/protocol/objects';
import type { KubeClient, KubeObject, Resource } from '../kube/client';
import { hasCode } from '../kube/kube-error';
import { sourceOf, Watch, WatchOptions } from '../kube/watch';
import type { Clock } from '../server/clock';

export interface KubernetesRevocationsOptions extends Pick<WatchOptions<never>, 'clock' | 'random' | 'wait' | 'interrupted'> {
  readonly client: KubeClient;
  /** Namespace of the ConfigMap with the sessions. */
  readonly namespace: string;
  /** The time of day, in milliseconds since 1970; `clock` says only how old something is. */
  readonly now: Clock;
}

export interface KubernetesRevocations extends Revocations {
  /** Why sessions that other replicas revoked may be unknown; undefined when all is well. */
  unready(): string | undefined;
  close(): Promise<void>;
}

type Sessions = readonly (readonly [id: string, notAfter: number])[];

const FIELD_MANAGER = 'broker';

/** What is written is told by the watch of runs within this time, or the broker is unready. Milliseconds. */
const TOLD = 10 * 60_000;

/** Entries that one write takes away; the next takes others. */
const MAX_REMOVED = 100;

/**
 * Revocations that every replica sees: leases in the status of their run, which the catalog follows, sessions in a ConfigMap
 * that is followed here: session id to the time from which on there is nothing left to revoke. Both are merge patches, so that two writers never lose an entry.
 * Neither grows without end: whoever adds a session takes away some that are over.
 */
export function openKubernetesRevocations(options: KubernetesRevocationsOptions): KubernetesRevocations {
  const { client, namespace, now, clock } = options;
  const memory = new MemoryRevocations(now);
  const configMap: Resource = { group: '', version: 'v1', plural: 'configmaps', namespace };
  let listed: Sessions = [];
  const take = (sessions: Sessions = []): void => {
    listed = sessions;
    sessions.forEach(([id, notAfter]) => memory.addSession({ id, notAfter }));
    memory.allSessions();
  };
  const written: { readonly run: RunName; readonly ids: readonly string[]; readonly at: number }[] = [];
  const forgetTold = (): void => {
    while (written.length > 0 && clock() - written[0].at >= TOLD) {
      const { run, ids } = written.shift()!;
      memory.forgetLeases(run, ids);
    }
  };
  const watch = new Watch<Sessions>({
    ...options,
    source: sourceOf(client, { ...configMap, only: OBJECTS.revokedSessions }),
    keep: sessionsOf,
    sink: { replaced: (items) => [...items.values()].forEach(take), changed: (_, sessions) => take(sessions) },
  });
  return {
    leasesOf: (run) => memory.leasesOf(run),
    isSessionRevoked: (id) => memory.isSessionRevoked(id),
    revokeLeases: async (run: RunName, ids) => {
      await memory.revokeLeases(run, ids);
      const time = new Date(now()).toISOString();
      const status = { revokedLeases: Object.fromEntries(ids.map((id) => [id, time])) };
      await client.mergePatch(resourceOf('HarnessRun', run.namespace), run.name, { status }, { subresource: 'status', fieldManager: FIELD_MANAGER })
        .catch((error: unknown) => {
          // A run that is gone has no leases, and another of its name has others.
          if (!hasCode(error, 'NotFound')) throw error;
        });
      forgetTold();
      written.push({ run, ids, at: clock() });
    },
    revokeSession: async (id, notAfter) => {
      await memory.revokeSession(id, notAfter);
      const over = listed.filter(([, end]) => isOver(end, now())).slice(0, MAX_REMOVED);
      const data = { ...Object.fromEntries(over.map(([one]) => [one, null])), [id]: new Date(notAfter).toISOString() };
      await client.mergePatch(configMap, OBJECTS.revokedSessions, { data }, { fieldManager: FIELD_MANAGER });
    },
    unready: () => (watch.staleSince() === undefined ? undefined : 'the revoked sessions are not known'),
    close: () => watch.close(),
  };
}

function sessionsOf({ data }: KubeObject): Sessions {
  return Object.entries(Object(data ?? {}) as Record<string, unknown>).flatMap(([id, time]) => {
    const notAfter = Date.parse(String(time));
    return Number.isNaN(notAfter) ? [] : [[id, notAfter] as const];
  });
}
