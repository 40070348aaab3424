import type { PodSpec } from 'kubernetes-types/core/v1';
import { environment } from './environment';
import { Manifest } from './manifest';
import { PodPlacement, restrictedPod } from './pod';
import { cronJob, podTemplate, WorkloadId } from './workload';
import { RETENTION_ENV } from '../protocol/env';
import { PLATFORM_GRACE_SECONDS, RETENTION_JOB_SECONDS, RETENTION_KEPT_SECONDS } from '../protocol/limits';
import { ENTRY_POINTS, PLATFORM_UID } from '../protocol/paths';

export interface RetentionOptions {
  readonly image: string;
  readonly pinned: boolean;
  readonly placement?: PodPlacement;
  /** Minute of each hour, 0 to 59. */
  readonly minute: number;
  readonly retentionSeconds: number;
  /** Namespaces beside that of the platform: comma-separated, may be lazy. */
  readonly runNamespaces: string;
}

/**
 * Removes old audit events once an hour. A run that has not ended is not joined by another; one that could not begin for half
 * an hour is left to the next. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
 */
export function retentionCronJob(id: WorkloadId, options: RetentionOptions): Manifest {
  return cronJob(id, {
    schedule: `${options.minute} * * * *`,
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: 1800,
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 1,
    jobTemplate: {
      spec: {
        backoffLimit: 1,
        activeDeadlineSeconds: RETENTION_JOB_SECONDS,
        ttlSecondsAfterFinished: RETENTION_KEPT_SECONDS,
        template: podTemplate(id, retentionPod(id, options)),
      },
    },
  });
}

/** It resolves no name: the kubelet tells it the address of the API server. */
function retentionPod(id: WorkloadId, { image, pinned, placement, retentionSeconds, runNamespaces }: RetentionOptions): PodSpec {
  return restrictedPod({
    serviceAccountName: id.name,
    userId: PLATFORM_UID,
    groupId: PLATFORM_UID,
    fsGroup: PLATFORM_UID,
    terminationGracePeriodSeconds: PLATFORM_GRACE_SECONDS,
    apiTokenFor: id.role,
    dns: false,
    placement,
    restartPolicy: 'Never',
    containers: [{
      name: id.role,
      image,
      imagePullPolicy: pinned ? 'IfNotPresent' : 'Always',
      args: [ENTRY_POINTS.retention],
      resources: { requests: { cpu: '10m', memory: '96Mi' }, limits: { memory: '192Mi' } },
      env: environment(RETENTION_ENV, {
        RUN_NAMESPACES: runNamespaces,
        RETENTION_SECONDS: String(retentionSeconds),
        POD_NAMESPACE: { fieldPath: 'metadata.namespace' },
      }),
    }],
  });
}
