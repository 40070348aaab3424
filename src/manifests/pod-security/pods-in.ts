import { UncheckedPod } from './rule';

/** A pod, or the template of pods, within an object. */
export interface PodWithin {
  /** Fields that lead to it; none when the object is the pod. */
  readonly path: readonly string[];
  readonly pod: UncheckedPod;
}

/** Where the kinds of Kubernetes keep their pods. */
const TEMPLATE_PATHS: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ['template'],
  ReplicationController: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Groups of the kinds above. The same words may mean anything elsewhere. */
const GROUPS = ['', 'apps', 'batch'];

/** The kinds whose pods are known for certain, for messages and documentation. */
export const KINDS_WITH_PODS: readonly string[] = Object.keys(TEMPLATE_PATHS);

/**
 * The pods that an object makes. In kinds that nobody here knows, whatever has a list of
 * containers in its `spec` counts as template of pods, wherever it is: `spec.template` in most
 * (Argo Rollouts, Knative), deeper in others (JobSet, LeaderWorkerSet).
 */
export function podsIn(object: any): PodWithin[] {
  if (!isKnown(object?.apiVersion, object?.kind)) return templatesIn(object?.spec, ['spec']);
  const path = TEMPLATE_PATHS[object.kind];
  return [{ path, pod: path.reduce((value, field) => value?.[field], object) ?? {} }];
}

function templatesIn(value: any, path: readonly string[]): PodWithin[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value.spec?.containers)) return [{ path, pod: value }];
  return Object.entries(value).flatMap(([field, inner]) => templatesIn(inner, [...path, field]));
}

function isKnown(apiVersion: unknown, kind: unknown): boolean {
  return GROUPS.includes(groupOf(apiVersion)) && Object.hasOwn(TEMPLATE_PATHS, String(kind));
}

/** `apps` of `apps/v1`; the core group has no name. */
function groupOf(apiVersion: unknown): string {
  return String(apiVersion ?? '').split('/').slice(0, -1).join('/');
}
