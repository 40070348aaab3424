import { createHash } from 'node:crypto';
import { ApiObject, Duration, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { PodSpec } from 'kubernetes-types/core/v1';
import { serviceAccount } from './manifests/config';
import { Endpoint } from './manifests/network-policy';
import { withPullSecrets } from './manifests/pod';
import { workerPod } from './manifests/worker-pod';
import { deployment, headlessService, job, podDisruptionBudget, podTemplate, statefulSet, volumeClaimTemplate, WorkloadId } from './manifests/workload';
import { addManifest } from './private/api-objects';
import { objectStoreRules } from './private/object-store';
import { quantity, requirements } from './private/quantities';
import { sessionCredentials } from './private/session-credentials';
import { refuse } from './private/validation';
import { workerPoolProblems } from './private/worker-pool-checks';
import { LABELS, WORKER_STATES } from './protocol/names';
import { AGENT_UID } from './protocol/paths';
import { POOL_DEFAULTS, PoolEntry } from './protocol/session-pools';
import { WorkerPoolProps } from './worker-pool-props';
import { BatchOptions, StickyPoolOptions, WarmPoolOptions, WorkerWorkload } from './worker-workload';

/**
 * Workers of one image. They run as non-root without API token, DNS or any way out
 * but the egress gateway, and take work only from the gateway and the controller.
 */
export class WorkerPool extends Construct {
  /** Name of the pool. */
  public readonly poolName: string;

  private readonly id: WorkloadId;

  constructor(scope: Construct, id: string, private readonly props: WorkerPoolProps) {
    super(scope, id);
    this.poolName = props.name ?? id;
    refuse(this, workerPoolProblems(this.poolName, props));
    this.id = {
      platform: props.namespace.platformName,
      part: 'workers',
      role: 'session',
      pool: this.poolName,
      name: this.poolName,
      namespace: props.namespace.namespaceName,
    };
    const endpoint: Endpoint = { role: 'session', namespace: props.namespace.namespaceName, pool: this.poolName, objectStore: objectStoreRules(this, props.objectStore) };
    addManifest(this, 'ServiceAccount', serviceAccount({ ...this.id, name: this.accountName }));
    const workload = props.workload ?? WorkerWorkload.warmPool();
    if (workload._sticky) this.addSticky(workload._sticky);
    else if (workload._batch) this.addBatch(workload._batch);
    else this.addWarm(workload._warm ?? {});
    props.namespace._addPool(this, this.poolName, endpoint, workload._sticky ?? workload._batch ? undefined : this.entry());
  }

  /** What the controller is told. */
  private entry(): PoolEntry {
    const { namespace, maxSession, idleTimeout, template } = this.props;
    const credentials = sessionCredentials(this.props);
    return {
      namespace: namespace.namespaceName,
      name: this.poolName,
      ...(template === undefined ? {} : { template: template.templateName }),
      ...(credentials.length === 0 ? {} : { credentials }),
      maxSessionSeconds: maxSession?.toSeconds() ?? POOL_DEFAULTS.maxSessionSeconds,
      idleSeconds: idleTimeout?.toSeconds() ?? POOL_DEFAULTS.idleSeconds,
    };
  }

  private get accountName(): string {
    return `worker-${this.poolName}`;
  }

  /** The state label is in the Deployment's selector only: a worker whose label is flipped leaves the pool, and everything else still selects it. */
  private addWarm(options: WarmPoolOptions): ApiObject {
    const warm = { [LABELS.state]: WORKER_STATES.warm };
    const template = podTemplate(this.id, this.pod({ sidecar: true }), warm);
    return addManifest(this, 'Resource', deployment(this.id, { replicas: options.replicas ?? 2, template }, warm));
  }

  private addSticky(options: StickyPoolOptions): ApiObject {
    const serviceName = `${this.poolName}-headless`;
    addManifest(this, 'HeadlessService', headlessService({ ...this.id, name: serviceName }, ['session-api']));
    addManifest(this, 'DisruptionBudget', podDisruptionBudget(this.id));
    return addManifest(this, 'Resource', statefulSet(this.id, {
      serviceName,
      replicas: options.replicas ?? 1,
      podManagementPolicy: 'Parallel',
      template: podTemplate(this.id, this.pod({ sidecar: true, claimed: true })),
      volumeClaimTemplates: [volumeClaimTemplate('workspace', quantity(options.volumeSize ?? Size.gibibytes(10)), options.storageClassName)],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    }));
  }

  /** A Job's template cannot be changed, so the Job's name carries a hash of it: a change makes a new Job instead of a refused update. */
  private addBatch(options: BatchOptions): ApiObject {
    const template = podTemplate(this.id, this.pod({ command: options.command }));
    const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 8);
    return addManifest(this, 'Resource', job({ ...this.id, name: `${this.poolName}-${hash}` }, {
      completions: options.completions ?? 1,
      parallelism: options.parallelism ?? 1,
      backoffLimit: options.backoffLimit ?? 3,
      ttlSecondsAfterFinished: (options.ttlAfterFinished ?? Duration.hours(1)).toSeconds(),
      ...(options.activeDeadline === undefined ? {} : { activeDeadlineSeconds: options.activeDeadline.toSeconds() }),
      template,
    }));
  }

  private pod(kind: { sidecar?: boolean; claimed?: boolean; command?: string[] }): PodSpec {
    const { image, userId, env, placement, workspaceSize, resources, extendedResources, namespace, objectStore } = this.props;
    const sidecar = { image: namespace._sidecar.reference, pinned: namespace._sidecar.pinned };
    return workerPod({
      serviceAccountName: this.accountName,
      image,
      imagePullPolicy: image.includes('@sha256:') ? 'IfNotPresent' : 'Always',
      userId: userId ?? AGENT_UID,
      env: env ?? {},
      resources: requirements(resources ?? DEFAULT_RESOURCES, extendedResources),
      placement: withPullSecrets(placement, namespace._imagePullSecrets),
      workspaceSize: kind.claimed ? undefined : quantity(workspaceSize ?? Size.gibibytes(10)),
      ...(kind.sidecar ? { sidecar } : {}),
      ...(namespace._hasEgress ? { fence: sidecar } : {}),
      command: kind.command,
      hostAddresses: objectStore?.hostAddresses,
    });
  }
}

const DEFAULT_RESOURCES: ContainerResources = {
  cpu: { request: Cpu.millis(250), limit: Cpu.units(2) },
  memory: { request: Size.mebibytes(512), limit: Size.gibibytes(4) },
};
