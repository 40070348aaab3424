import type { OwnerReference } from 'kubernetes-types/meta/v1';
import { objectLabels } from './labels';
import { kept, Manifest } from './manifest';
import { API_GROUP_VERSION, LABELS } from '../protocol/names';
import type { WorkspaceSpec } from '../protocol/resources';
import { POD_DEFAULTS, TemplatePod } from '../protocol/resources/template-pod';
import { PROMPT_KEY, runObjects, sharedClaim, workspaceClaim } from '../protocol/runs';

/** The HarnessRun that an object is made for. */
export interface RunOwner {
  /** Name of the platform, which is that of its namespace. */
  readonly platform: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An object that goes with its owner. */
export interface OwnedManifest extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly ownerReferences?: OwnerReference[] };
}

/**
 * Without `blockOwnerDeletion`: a run whose deletion waits for its finalizer need not wait for these objects besides.
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export function ownerReference({ name, uid }: Pick<RunOwner, 'name' | 'uid'>, kind: 'HarnessRun' | 'Workspace' = 'HarnessRun'): OwnerReference {
  return { apiVersion: API_GROUP_VERSION, kind, name, uid, controller: true };
}

/** Labels of an object of a run. */
export function runLabels({ platform, name }: Pick<RunOwner, 'platform' | 'name'>): Record<string, string> {
  return { ...objectLabels(platform, 'runs'), [LABELS.run]: name };
}

function runMetadata(owner: RunOwner, name: string): OwnedManifest['metadata'] {
  return { name, namespace: owner.namespace, labels: runLabels(owner), ownerReferences: [ownerReference(owner)] };
}

/** One key for each credential, which becomes a variable of the agent. */
export function credentialsSecret(owner: RunOwner, values: Readonly<Record<string, string>>): OwnedManifest {
  return secret(owner, runObjects(owner.name).credentials, values);
}

/** How programs of the run find the way out. */
export function egressSecret(owner: RunOwner, variables: Readonly<Record<string, string>>): OwnedManifest {
  return secret(owner, runObjects(owner.name).egress, variables);
}

export function promptSecret(owner: RunOwner, prompt: string): OwnedManifest {
  return secret(owner, runObjects(owner.name).prompt, { [PROMPT_KEY]: prompt });
}

/** `data`, not `stringData`: what takes the place of a Secret takes keys away that are no longer there in the former only. */
function secret(owner: RunOwner, name: string, values: Readonly<Record<string, string>>): OwnedManifest {
  const data = Object.keys(values).sort().map((key) => [key, Buffer.from(values[key], 'utf8').toString('base64')]);
  return { apiVersion: 'v1', kind: 'Secret', metadata: runMetadata(owner, name), type: 'Opaque', data: Object.fromEntries(data) };
}

/** The Workspace of a run that names none; it goes with the run. */
export function ephemeralWorkspace(owner: RunOwner, storage: Pick<WorkspaceSpec['storage'], 'size' | 'storageClass'>): OwnedManifest {
  const { size, storageClass } = storage;
  return {
    apiVersion: API_GROUP_VERSION,
    kind: 'Workspace',
    metadata: runMetadata(owner, runObjects(owner.name).workspace),
    spec: { storage: { size, ...(storageClass === undefined ? {} : { storageClass }), accessMode: 'ReadWriteOnce' }, ephemeral: true },
  };
}

export interface WorkspaceOwner {
  readonly platform: string;
  readonly namespace: string;
  readonly workspace: { readonly name: string; readonly uid: string };
}

/** The volume of a Workspace. */
export function workspaceVolumeClaim({ platform, namespace, workspace }: WorkspaceOwner, storage: WorkspaceSpec['storage']): OwnedManifest {
  const metadata = {
    name: workspaceClaim(workspace.name),
    namespace,
    labels: { ...objectLabels(platform, 'runs'), [LABELS.runWorkspace]: workspace.name },
    ownerReferences: [ownerReference(workspace, 'Workspace')],
  };
  return volumeClaim(metadata, { ...storage, accessMode: storage.accessMode ?? 'ReadWriteOnce' });
}

type SharedDirectory = NonNullable<TemplatePod['sharedDirectories']>[number];

/** A directory that runs of a namespace share. It has no owner, so it is marked for those who prune what they find no source of. */
export function sharedVolumeClaim({ platform, namespace }: Omit<WorkspaceOwner, 'workspace'>, directory: SharedDirectory): OwnedManifest {
  const { name, size = POD_DEFAULTS.sharedSize, storageClass } = directory;
  const metadata = { name: sharedClaim(name), namespace, labels: objectLabels(platform, 'runs') };
  return kept(volumeClaim(metadata, { size, storageClass, accessMode: 'ReadWriteMany' }));
}

function volumeClaim(metadata: OwnedManifest['metadata'], { size, storageClass, accessMode }: WorkspaceSpec['storage']): OwnedManifest {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: {
      accessModes: [accessMode],
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      resources: { requests: { storage: String(size) } },
    },
  };
}
