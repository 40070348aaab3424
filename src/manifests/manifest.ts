import { objectLabels } from './labels';
import { Part } from '../protocol/names';

/** A Kubernetes object as plain JSON. Without a namespace it is cluster-scoped. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly [field: string]: unknown;
}

/** What an object is, for whom, and where: enough for its metadata. */
export interface ObjectId {
  readonly platform: string;
  readonly part: Part;
  readonly name: string;
  readonly namespace?: string;
  /** Of Argo CD; that of the part when left out. */
  readonly wave?: number;
}

/**
 * Order in which Argo CD applies the parts: definitions before their resources,
 * deny policies before pods. https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
 */
const SYNC_WAVES: Record<Part, number> = {
  definitions: -4,
  namespaces: -3,
  network: -2,
  admission: -2,
  broker: 0,
  egress: 0,
  sessions: 0,
  workers: 1,
  policies: 1,
  runs: 2,
};

/** For what is not ready before somebody does more than apply it: whatever comes after would wait for that. */
export const LAST_WAVE = 3;

export function metadata(id: ObjectId): Manifest['metadata'] {
  return {
    name: id.name,
    ...(id.namespace === undefined ? {} : { namespace: id.namespace }),
    labels: objectLabels(id.platform, id.part),
    annotations: { 'argocd.argoproj.io/sync-wave': String(id.wave ?? SYNC_WAVES[id.part]) },
  };
}

export function annotated<M extends Manifest>(manifest: M, annotations: Readonly<Record<string, string>>): M {
  return { ...manifest, metadata: { ...manifest.metadata, annotations: { ...manifest.metadata.annotations, ...annotations } } };
}

/**
 * What stays in the cluster when it is no longer in the repository, until somebody deletes it by hand.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#no-prune-resources
 * https://fluxcd.io/flux/components/kustomize/kustomizations/#prune
 */
export function kept(manifest: Manifest): Manifest {
  return annotated(manifest, { 'argocd.argoproj.io/sync-options': 'Prune=false', 'kustomize.toolkit.fluxcd.io/prune': 'disabled' });
}
