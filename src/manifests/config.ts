import { Manifest, metadata, ObjectId } from './manifest';

/**
 * A Secret that its owning role fills on first start. It has neither `data` nor
 * `stringData`: an empty map would make the applier own, and later empty, the keys.
 */
export function emptySecret(id: ObjectId): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata: metadata(id), type: 'Opaque' };
}

/** A ConfigMap that its owning role fills, without `data` for the same reason. */
export function emptyConfigMap(id: ObjectId): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(id) };
}

/** A ConfigMap with files. A value may be lazy. */
export function configMap(id: ObjectId, data: Readonly<Record<string, unknown>>): Manifest {
  return { ...emptyConfigMap(id), data };
}

/** A Lease that the replicas of a role take in turn. Without `spec`, so that whoever applies it does not own the holder. */
export function emptyLease(id: ObjectId): Manifest {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: metadata(id) };
}

export function serviceAccount(id: ObjectId): Manifest {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(id), automountServiceAccountToken: false };
}

/** Version of the Pod Security rules that namespaces are pinned to, so that a cluster upgrade changes nothing unseen. */
export const POD_SECURITY_VERSION = 'v1.30';

/** A Namespace whose pods must pass the `restricted` Pod Security Standard. */
export function restrictedNamespace(id: ObjectId, podSecurityVersion: string): Manifest {
  const base = metadata(id);
  const levels = ['enforce', 'audit', 'warn'].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'],
    [`pod-security.kubernetes.io/${mode}-version`, podSecurityVersion],
  ]);
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { ...base, labels: { ...base.labels, ...Object.fromEntries(levels) } } };
}
