import { Meta, metaOf } from './meta';
import { API_GROUP, API_GROUP_VERSION, API_VERSION } from '../../../../src/protocol/names';
import { KINDS, WorkspaceSpec, WorkspaceStatus } from '../../../../src/protocol/resources';
import type { KubeObject, Resource } from '../../kube/client';

/** A Workspace as the operator keeps it. */
export interface Workspace extends Meta {
  /** UID of the run that it was made for; undefined for one that stays. */
  readonly ownerUid?: string;
  readonly spec: WorkspaceSpec;
  readonly status: WorkspaceStatus;
}

interface Owner {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

/** Workspaces of a namespace. */
export function workspacesIn(namespace: string): Resource {
  return { group: API_GROUP, version: API_VERSION, plural: KINDS.Workspace.plural, namespace };
}

export function workspaceOf(object: KubeObject): Workspace {
  const { ownerReferences = [] } = object.metadata as { ownerReferences?: readonly Owner[] };
  const isRun = ({ apiVersion, kind, controller }: Owner) => apiVersion === API_GROUP_VERSION && kind === 'HarnessRun' && controller === true;
  const ownerUid = ownerReferences.find(isRun)?.uid;
  return {
    ...metaOf(object),
    ...(ownerUid === undefined ? {} : { ownerUid }),
    spec: object.spec as WorkspaceSpec,
    status: (object.status ?? {}) as WorkspaceStatus,
  };
}

/** A PersistentVolumeClaim. */
export interface Claim extends Meta {
  readonly owners: readonly Owner[];
  readonly phase: 'Pending' | 'Bound' | 'Lost';
}

export function claimOf(object: KubeObject): Claim {
  const { phase = 'Pending' } = (object.status ?? {}) as { phase?: Claim['phase'] };
  const { ownerReferences: owners = [] } = object.metadata as { ownerReferences?: readonly Owner[] };
  return { ...metaOf(object), owners, phase };
}
