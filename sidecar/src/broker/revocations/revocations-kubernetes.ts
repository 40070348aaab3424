import { MemoryRevocations, Revocations, RevokedLease } from './revocations';
import { writeRevokedLeases } from './revoked-lease-status';
import { nearlyFullWarning, NO_SESSIONS, RevokedSessions, revokedSessionsIn, sessionPatch } from './revoked-sessions';
import { OBJECTS } from '../../../../src/protocol/objects';
import type { KubeClient, Resource } from '../../kube/client';
import { hasCode } from '../../kube/kube-error';
import { sourceOf, Watch, WatchOptions } from '../../kube/watch';
import type { Clock } from '../../server/time/clock';
import type { Catalog } from '../catalog/catalog';
import type { RunName } from '../catalog/run-name';
import { refuse } from '../refuse';

export interface KubernetesRevocationsOptions extends Pick<WatchOptions<never>, 'clock' | 'random' | 'wait' | 'interrupted'> {
  readonly client: KubeClient;
  /** Namespace of the ConfigMap with the sessions. */
  readonly namespace: string;
  /** Namespaces whose runs are served; no other has leases. */
  readonly runNamespaces: readonly string[];
  /** The time of day, in milliseconds since 1970; `clock` says only how old something is. */
  readonly now: Clock;
  /** Told, once an hour, of a ConfigMap that is nearly full, and of its length. */
  readonly nearlyFull: (bytes: number) => void;
}

export interface KubernetesRevocations extends Revocations {
  /** Why sessions that other replicas revoked may be unknown; undefined when all is well. */
  unready(): string | undefined;
  close(): Promise<void>;
}

const FIELD_MANAGER = 'broker';

/** What is written is told by the watch of runs within this time, or the broker is unready. Milliseconds. */
const TOLD = 10 * 60_000;

/**
 * Revocations that every replica sees: leases in the status of their run, which the catalog follows, sessions in a ConfigMap
 * that is followed here: session id to the time from which on there is nothing left to revoke. Both are merge patches, so that two writers never lose an entry.
 * Neither grows without end: whoever adds a session takes away some that are over.
 */
export function openKubernetesRevocations(options: KubernetesRevocationsOptions): KubernetesRevocations {
  const { client, namespace, runNamespaces, now, clock } = options;
  const memory = new MemoryRevocations(now);
  const configMap: Resource = { group: '', version: 'v1', plural: 'configmaps', namespace };
  const warnIfNearlyFull = nearlyFullWarning(options.nearlyFull, clock);
  let listed = NO_SESSIONS;
  const take = (sessions = NO_SESSIONS): void => {
    listed = sessions;
    sessions.ends.forEach(([id, notAfter]) => memory.addSession({ id, notAfter }));
    memory.allSessions();
    warnIfNearlyFull(sessions);
  };
  const written = new Written(clock);
  const watch = new Watch<RevokedSessions>({
    ...options,
    source: sourceOf(client, { ...configMap, only: OBJECTS.revokedSessions }),
    keep: revokedSessionsIn,
    sink: { replaced: (items) => [...items.values()].forEach(take), changed: (_, sessions) => take(sessions) },
  });
  return {
    leasesOf: (run) => memory.leasesOf(run),
    isSessionRevoked: (id) => memory.isSessionRevoked(id),
    revokeLeases: async (run: RunName, ids) => {
      if (!runNamespaces.includes(run.namespace)) throw refuse('BadRequest', `namespace ${run.namespace} is not one whose runs this broker serves`);
      written.told().forEach((lease) => memory.forgetLease(lease));
      const leases = ids.map((id) => ({ ...run, id }));
      const added = leases.filter((lease) => memory.addLease(lease));
      await writeRevokedLeases(client, run, ids, new Date(now()).toISOString()).catch((error: unknown) => {
        if (hasCode(error, 'Forbidden')) {
          // Asking again will not help, so nothing would ever take them out of the memory.
          added.forEach((lease) => memory.forgetLease(lease));
          throw refuse('ProviderFailure', `revoke failed: the API server forbids it for runs of namespace ${run.namespace}, and nothing is revoked`, { cause: error });
        }
        memory.requireLeases(run, ids);
        throw error;
      });
      leases.filter(({ id }) => memory.holds(run, [id])).forEach((lease) => written.add(lease));
    },
    revokeSession: async (id, notAfter) => {
      await memory.revokeSession(id, notAfter);
      const data = sessionPatch(listed, now(), id, notAfter);
      await client.mergePatch(configMap, OBJECTS.revokedSessions, { data }, { fieldManager: FIELD_MANAGER });
    },
    unready: () => (watch.staleSince() === undefined ? undefined : 'the revoked sessions are not known'),
    close: () => watch.close(),
  };
}

/** A catalog that cannot be relied on while revoked sessions are unknown: their tokens would be good again. */
export function withRevocations<Known extends Pick<Catalog, 'unready'>>(catalog: Known, revocations: Pick<KubernetesRevocations, 'unready'>): Known {
  return { ...catalog, unready: () => catalog.unready() ?? revocations.unready() };
}

/** Leases in the order in which they were written, each once. */
class Written {
  private readonly at = new Map<string, { readonly lease: RevokedLease; readonly at: number }>();

  constructor(private readonly clock: Clock) {}

  add(lease: RevokedLease): void {
    const key = `${lease.namespace}/${lease.name}/${lease.id}`;
    this.at.delete(key);
    this.at.set(key, { lease, at: this.clock() });
  }

  /** Takes out those that the watch of runs has told by now. */
  told(): RevokedLease[] {
    const told: RevokedLease[] = [];
    for (const [key, { lease, at }] of this.at) {
      if (this.clock() - at < TOLD) break;
      this.at.delete(key);
      told.push(lease);
    }
    return told;
  }
}
