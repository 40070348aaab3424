import { LAST_WAVE, Manifest, metadata, ObjectId } from './manifest';
import { API_GROUP } from '../protocol/names';
import { KindName, KINDS } from '../protocol/resources';

/** What people make in namespaces. AuditEvents are the broker's. */
type Counted = Exclude<KindName, 'AuditEvent' | 'ClusterHarnessTemplate'>;

/** Most objects of each kind. */
export type ObjectCounts = Readonly<Record<Counted, number>>;

/**
 * Until the cluster has counted, which with new definitions takes it minutes, it refuses whatever has a limit. So this is applied when
 * the rest is there. https://kubernetes.io/docs/concepts/policy/resource-quotas/#object-count-quota
 */
export function objectQuota(id: ObjectId, counts: ObjectCounts): Manifest {
  const hard = Object.entries(counts).map(([kind, count]) => [`count/${KINDS[kind as Counted].plural}.${API_GROUP}`, String(count)]);
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata: metadata({ ...id, wave: LAST_WAVE }), spec: { hard: Object.fromEntries(hard) } };
}
