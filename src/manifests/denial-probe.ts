import type { PodSpec } from 'kubernetes-types/core/v1';
import { parseCidr } from './cidr';
import { environment } from './environment';
import { probeLabels, probeSelector } from './labels';
import { annotated, Manifest, metadata } from './manifest';
import { Endpoint, probeName } from './network-policy';
import { PodPlacement, restrictedPod } from './pod';
import { probePorts } from './probe-edges';
import { job } from './workload';
import { PROBE_ENV } from '../protocol/env';
import { PROBE_KEPT_SECONDS, PROBE_MEASURE_SECONDS } from '../protocol/limits';
import { ANNOTATIONS } from '../protocol/names';
import { OBJECTS } from '../protocol/objects';
import { ENTRY_POINTS, PATHS, PLATFORM_UID } from '../protocol/paths';
import { PORTS } from '../protocol/ports';
import { PROBE_CONFIG_FILE } from '../protocol/probe';

export interface ProbePodOptions {
  readonly image: string;
  readonly pinned: boolean;
  readonly placement?: PodPlacement;
  readonly startSeconds: number;
}

/** Time between the word to stop and the end of a pod. */
const GRACE_SECONDS = 5;

/**
 * What cannot be changed is made anew: by Argo CD after each sync, by Flux when it differs.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
 * https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
 */
const RECREATED = { 'kustomize.toolkit.fluxcd.io/force': 'enabled' };
const AFTER_SYNC = { 'argocd.argoproj.io/hook': 'PostSync', 'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation' };

/** The fixed address behind which the probe listens in place of an endpoint. The address may be lazy. */
export function probeService(platform: string, endpoint: Endpoint, serviceCidr: string, clusterIP: string): Manifest {
  return annotated({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(idOf(platform, endpoint)),
    spec: {
      clusterIP,
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: [`IPv${parseCidr(serviceCidr)!.family}`],
      selector: probeSelector(endpoint.role, endpoint.pool),
      // The listeners have no readiness: they are waited for.
      publishNotReadyAddresses: true,
      ports: probePorts(endpoint).map((name) => ({ name, port: PORTS[name], targetPort: name, protocol: 'TCP' })),
    },
  }, RECREATED);
}

/** What the pod is told, as text that may be lazy. */
export function probeConfigMap(platform: string, endpoint: Endpoint, config: string): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(idOf(platform, endpoint)), data: { [PROBE_CONFIG_FILE]: config } };
}

/** A Job that stands in for an endpoint. The hash of its configuration, which may be lazy, makes it a new one when that changes. */
export function probeJob(platform: string, endpoint: Endpoint, configHash: string, options: ProbePodOptions): Manifest {
  const made = job({ ...idOf(platform, endpoint), role: endpoint.role }, {
    backoffLimit: 0,
    // A subject may start first and wait for the control, then for all others to be done.
    activeDeadlineSeconds: 2 * (options.startSeconds + PROBE_MEASURE_SECONDS),
    ttlSecondsAfterFinished: PROBE_KEPT_SECONDS,
    template: {
      metadata: { labels: probeLabels(platform, endpoint.role, endpoint.pool), annotations: { [ANNOTATIONS.config]: configHash } },
      spec: probePod(endpoint, options),
    },
  });
  return annotated(made, { ...AFTER_SYNC, ...RECREATED });
}

function probePod(endpoint: Endpoint, { image, pinned, placement }: ProbePodOptions): PodSpec {
  const ports = probePorts(endpoint);
  return restrictedPod({
    serviceAccountName: OBJECTS.probe,
    userId: PLATFORM_UID,
    groupId: PLATFORM_UID,
    fsGroup: PLATFORM_UID,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    // It resolves no name; but this is how it learns where the cluster's resolvers are.
    dns: true,
    placement,
    restartPolicy: 'Never',
    volumes: [{ name: 'probe', configMap: { name: probeName(endpoint), defaultMode: 0o440 } }],
    containers: [{
      name: 'probe',
      image,
      imagePullPolicy: pinned ? 'IfNotPresent' : 'Always',
      args: [ENTRY_POINTS.probe],
      ...(ports.length === 0 ? {} : { ports }),
      resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } },
      mounts: [{ name: 'probe', mountPath: PATHS.probe, readOnly: true }],
      env: environment(PROBE_ENV, {
        PROBE_CONFIG: `${PATHS.probe}/${PROBE_CONFIG_FILE}`,
        POD_IPS: { fieldPath: 'status.podIPs' },
        HOST_IP: { fieldPath: 'status.hostIP' },
      }),
    }],
  });
}

function idOf(platform: string, endpoint: Endpoint) {
  return { platform, part: 'network', name: probeName(endpoint), namespace: endpoint.namespace } as const;
}
