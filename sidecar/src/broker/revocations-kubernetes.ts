import type { RunName } from './authorize';
import { resourceOf } from './catalog/custom-objects';
import { MemoryRevocations, Revocations } from './revocations';
import { OBJECTS } from '../../../src/protocol/objects';
import type { KubeClient, KubeObject, Resource } from '../kube/client';
import { hasCode } from '../kube/kube-error';
import { sourceOf, Watch, WatchOptions } from '../kube/watch';

export interface KubernetesRevocationsOptions extends Pick<WatchOptions<never>, 'clock' | 'random' | 'wait' | 'interrupted'> {
  readonly client: KubeClient;
  /** Namespace of the ConfigMap with the sessions. */
  readonly namespace: string;
}

export interface KubernetesRevocations extends Revocations {
  /** Why sessions that other replicas revoked may be unknown; undefined when all is well. */
  unready(): string | undefined;
  close(): Promise<void>;
}

type Sessions = readonly (readonly [id: string, notAfter: number])[];

const FIELD_MANAGER = 'broker';

/**
 * Revocations that every replica sees: leases in the status of their run, which the catalog follows, sessions in a ConfigMap
 * that is followed here: session id to the time from which on there is nothing left to revoke. Both are merge patches, so that two writers never lose an entry.
 */
export function openKubernetesRevocations(options: KubernetesRevocationsOptions): KubernetesRevocations {
  const { client, namespace, clock } = options;
  const memory = new MemoryRevocations(clock);
  const configMap: Resource = { group: '', version: 'v1', plural: 'configmaps', namespace };
  const take = (sessions: Sessions = []): void => sessions.forEach(([id, notAfter]) => memory.addSession({ id, notAfter }));
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
      const time = new Date(clock()).toISOString();
      const status = { revokedLeases: Object.fromEntries(ids.map((id) => [id, time])) };
      await client.mergePatch(resourceOf('HarnessRun', run.namespace), run.name, { status }, { subresource: 'status', fieldManager: FIELD_MANAGER })
        .catch((error: unknown) => {
          // A run that is gone has no leases, and another of its name has others.
          if (!hasCode(error, 'NotFound')) throw error;
        });
    },
    revokeSession: async (id, notAfter) => {
      await memory.revokeSession(id, notAfter);
      const data = { [id]: new Date(notAfter).toISOString() };
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
