import type { PodSpec, ResourceRequirements, Volume, VolumeMount } from 'kubernetes-types/core/v1';
import { environment, EnvSetting } from './environment';
import { PodPlacement, restrictedPod } from './pod';
import { serverArgs } from './server-args';
import { spreadConstraints, WorkloadId } from './workload';
import { BROKER_ENV } from '../protocol/env';
import { DRAIN_SECONDS, PLATFORM_GRACE_SECONDS } from '../protocol/limits';
import { CALLERS_KEY, IDENTITIES_KEY, OBJECTS } from '../protocol/objects';
import { ENTRY_POINTS, PATHS, PLATFORM_UID } from '../protocol/paths';
import { PORTS } from '../protocol/ports';

export interface BrokerPodOptions {
  readonly image: string;
  readonly pinned: boolean;
  readonly resources: ResourceRequirements;
  readonly placement?: PodPlacement;
  /** Secret to mount; without it the broker makes its own certificate. */
  readonly tlsSecret?: string;
  /** Size of the state folder when no volume claim provides it, and how much of it the audit log may take. */
  readonly ephemeralState?: { readonly size: string; readonly auditMebibytes: string };
  readonly catalog: BrokerPodCatalog;
  readonly limits: { readonly [Name in 'ISSUE_PER_SECOND' | 'VALIDATE_PER_SECOND' | 'SUBSTITUTE_PER_SECOND']?: string };
}

/** The API server with the namespaces to serve (comma-separated, may be lazy), or mounted documents. */
export type BrokerPodCatalog =
  | { readonly kind: 'kubernetes'; readonly runNamespaces: string }
  | { readonly kind: 'directory'; readonly configMapName: string; readonly secretName: string };

/** The pod of a broker replica. The volume `state` comes from the StatefulSet's claim unless it is ephemeral. */
export function brokerPod(id: WorkloadId, options: BrokerPodOptions): PodSpec {
  const { volumes, mounts, env } = options.catalog.kind === 'kubernetes' ? fromApiServer(options.catalog) : fromDocuments(options.catalog);
  return restrictedPod({
    serviceAccountName: OBJECTS.broker,
    userId: PLATFORM_UID,
    groupId: PLATFORM_UID,
    fsGroup: PLATFORM_UID,
    terminationGracePeriodSeconds: PLATFORM_GRACE_SECONDS,
    ...(options.catalog.kind === 'kubernetes' ? { apiTokenFor: 'broker' } : {}),
    dns: true,
    placement: options.placement,
    topologySpreadConstraints: spreadConstraints(id),
    volumes: [
      ...(options.tlsSecret === undefined ? [] : [{ name: 'tls', secret: { secretName: options.tlsSecret, defaultMode: 0o440 } }]),
      ...volumes,
      ...(options.ephemeralState === undefined ? [] : [{ name: 'state', emptyDir: { sizeLimit: options.ephemeralState.size } }]),
    ],
    containers: [{
      name: 'broker',
      image: options.image,
      imagePullPolicy: options.pinned ? 'IfNotPresent' : 'Always',
      args: serverArgs(ENTRY_POINTS.broker),
      ports: ['broker-api', 'admin'],
      probed: true,
      resources: options.resources,
      mounts: [
        ...(options.tlsSecret === undefined ? [] : [{ name: 'tls', mountPath: PATHS.tls, readOnly: true }]),
        ...mounts,
        { name: 'state', mountPath: PATHS.state },
      ],
      writable: [{ path: PATHS.temporary, sizeLimit: '16Mi' }],
      env: environment(BROKER_ENV, {
        BROKER_LISTEN: `:${PORTS['broker-api']}`,
        ADMIN_LISTEN: `:${PORTS.admin}`,
        ...(options.tlsSecret === undefined ? { TLS_SELF_MADE: 'true' } : { TLS_DIR: PATHS.tls }),
        DRAIN_SECONDS: String(DRAIN_SECONDS),
        CATALOG: options.catalog.kind,
        STATE_DIR: PATHS.state,
        ...(options.ephemeralState === undefined ? {} : { AUDIT_MAX_MEBIBYTES: options.ephemeralState.auditMebibytes }),
        ...options.limits,
        ...env,
      }),
    }],
  });
}

/** What a catalog adds to the pod. */
interface CatalogParts {
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
  readonly env: { readonly [Name in keyof typeof BROKER_ENV]?: EnvSetting };
}

function fromApiServer({ runNamespaces }: { readonly runNamespaces: string }): CatalogParts {
  return {
    volumes: [
      { name: 'keyring', secret: { secretName: OBJECTS.brokerKeyring, defaultMode: 0o440 } },
      { name: 'identities', configMap: { name: OBJECTS.brokerIdentities, defaultMode: 0o440 } },
    ],
    mounts: [
      { name: 'keyring', mountPath: PATHS.keyring, readOnly: true },
      { name: 'identities', mountPath: PATHS.identities, readOnly: true },
    ],
    env: {
      KEYRING_DIR: PATHS.keyring,
      RUN_NAMESPACES: runNamespaces,
      IDENTITIES_FILE: `${PATHS.identities}/${IDENTITIES_KEY}`,
      POD_NAME: { fieldPath: 'metadata.name' },
      POD_NAMESPACE: { fieldPath: 'metadata.namespace' },
    },
  };
}

function fromDocuments({ configMapName, secretName }: { readonly configMapName: string; readonly secretName: string }): CatalogParts {
  return {
    volumes: [
      { name: 'documents', configMap: { name: configMapName, defaultMode: 0o440 } },
      { name: 'secrets', secret: { secretName, defaultMode: 0o440 } },
      { name: 'callers', secret: { secretName, defaultMode: 0o440, items: [{ key: CALLERS_KEY, path: CALLERS_KEY }] } },
    ],
    mounts: [
      { name: 'documents', mountPath: `${PATHS.catalog}/documents`, readOnly: true },
      { name: 'secrets', mountPath: `${PATHS.catalog}/secrets`, readOnly: true },
      { name: 'callers', mountPath: PATHS.callers, readOnly: true },
    ],
    env: { CATALOG_DIR: PATHS.catalog, CALLERS_FILE: `${PATHS.callers}/${CALLERS_KEY}` },
  };
}
