import type { DeploymentSpec, StatefulSetSpec } from 'kubernetes-types/apps/v1';
import type { HorizontalPodAutoscalerSpec } from 'kubernetes-types/autoscaling/v2';
import type { CronJobSpec, JobSpec } from 'kubernetes-types/batch/v1';
import type { PersistentVolumeClaim, PodSpec, ServiceSpec } from 'kubernetes-types/core/v1';
import type { LabelSelector } from 'kubernetes-types/meta/v1';
import { podLabels, roleSelector, servingSelector } from './labels';
import { Manifest, metadata, ObjectId } from './manifest';
import { Role } from '../protocol/names';
import { PortName, PORTS } from '../protocol/ports';

/** A workload's object, and what its pods are. Selectors come from the role, never from a construct path. */
export interface WorkloadId extends ObjectId {
  readonly role: Role;
  readonly pool?: string;
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: PodSpec;
}

/** A pod template with the labels that Services, PodDisruptionBudgets and NetworkPolicies select. */
export function podTemplate(id: WorkloadId, spec: PodSpec, extraLabels: Record<string, string> = {}): PodTemplate {
  return { metadata: { labels: { ...podLabels(id.platform, id.part, id.role, id.pool), ...extraLabels } }, spec };
}

export function statefulSet(id: WorkloadId, spec: Omit<StatefulSetSpec, 'selector'>): Manifest {
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: metadata(id), spec: { selector: workloadSelector(id), ...spec } };
}

export function deployment(id: WorkloadId, spec: Omit<DeploymentSpec, 'selector'>, extraSelector: Record<string, string> = {}): Manifest {
  const selector = { matchLabels: { ...workloadSelector(id).matchLabels, ...extraSelector } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata(id), spec: { selector, ...spec } };
}

export function job(id: WorkloadId, spec: JobSpec): Manifest {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: metadata(id), spec };
}

export function cronJob(id: WorkloadId, spec: CronJobSpec): Manifest {
  return { apiVersion: 'batch/v1', kind: 'CronJob', metadata: metadata(id), spec };
}

function workloadSelector(id: WorkloadId): LabelSelector {
  return { matchLabels: roleSelector(id.role, id.pool) };
}

/** A Service in front of the serving pods of a role. `targetPort` is the port's name, so the number is written once. */
export function service(id: WorkloadId, ports: readonly PortName[], extra: Partial<ServiceSpec> = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(id),
    spec: {
      selector: servingSelector(id.role, id.pool),
      ports: ports.map((name) => ({ name, port: PORTS[name], targetPort: name, protocol: 'TCP' })),
      ...extra,
    },
  };
}

/** The Service that gives StatefulSet pods their names. It lists pods before they are ready: they need their name to get ready. */
export function headlessService(id: WorkloadId, ports: readonly PortName[]): Manifest {
  return service(id, ports, { clusterIP: 'None', publishNotReadyAddresses: true });
}

/**
 * At most one serving pod of the workload is taken away by a drain at a time. A server that is not ready gets nothing new to do, so it
 * holds up no drain; a worker that is not ready may still have a session, as it is reached by an address of its own.
 * https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy
 */
export function podDisruptionBudget(id: WorkloadId): Manifest {
  const unready = id.role === 'session' ? {} : { unhealthyPodEvictionPolicy: 'AlwaysAllow' };
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(id),
    spec: { maxUnavailable: 1, ...unready, selector: { matchLabels: servingSelector(id.role, id.pool) } },
  };
}

/** How many replicas there are, by the load of the processor. */
export interface CpuScaling {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Percent of what the containers request. */
  readonly targetUtilization: number;
}

/** Sets the replicas of a Deployment, which then names none itself. https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/ */
export function cpuAutoscaler(id: WorkloadId, { minReplicas, maxReplicas, targetUtilization }: CpuScaling): Manifest {
  const spec: HorizontalPodAutoscalerSpec = {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: id.name },
    minReplicas,
    maxReplicas,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetUtilization } } }],
  };
  return { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: metadata(id), spec };
}

/** Spread over nodes and zones where the cluster has several; a one-node cluster still runs it. */
export function spreadConstraints(id: WorkloadId): NonNullable<PodSpec['topologySpreadConstraints']> {
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: roleSelector(id.role, id.pool) },
  }));
}

/** A claim per replica, for `volumeClaimTemplates`. */
export function volumeClaimTemplate(name: string, size: string, storageClassName?: string): PersistentVolumeClaim {
  return {
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}
