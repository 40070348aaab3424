import { UncheckedPod } from './rule';

/** A pod, or the template of pods, within an object. */
export interface PodWithin {
  /** Where in the object; empty when the object is the pod. */
  readonly path: string;
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
 * The pods that an object makes. Kinds that nobody here knows count too when they keep a
 * template where Deployments do, as most controllers of others' do (Argo Rollouts, Knative).
 */
export function podsIn(object: any): PodWithin[] {
  const path = templatePath(object);
  if (path === undefined) return [];
  const pod = path.reduce((value, field) => value?.[field], object);
  return [{ path: path.join('.'), pod: pod ?? {} }];
}

function templatePath(object: any): readonly string[] | undefined {
  if (isKnown(object?.apiVersion, object?.kind)) return TEMPLATE_PATHS[object.kind];
  return Array.isArray(object?.spec?.template?.spec?.containers) ? ['spec', 'template'] : undefined;
}

function isKnown(apiVersion: unknown, kind: unknown): boolean {
  return GROUPS.includes(groupOf(apiVersion)) && Object.hasOwn(TEMPLATE_PATHS, String(kind));
}

/** `apps` of `apps/v1`; the core group has no name. */
function groupOf(apiVersion: unknown): string {
  return String(apiVersion ?? '').split('/').slice(0, -1).join('/');
}
