import type { KeyToPath, Volume, VolumeMount } from 'kubernetes-types/core/v1';
import type { Mounted } from './mounted';
import type { Seed } from './seed';
import type { HarnessRunSpec } from '../protocol/resources';
import { homePath, POD_DEFAULTS, sharedPath, TemplatePod } from '../protocol/resources/template-pod';
import { PROMPT_KEY, RUN_PATHS, runObjects, sharedClaim, workspaceClaim } from '../protocol/runs';

/** The volume that a run works in. */
export type RunWorkspace =
  /** Of the Workspace of that name; with `seed` it is cloned to first. */
  | { readonly kind: 'claim'; readonly name: string; readonly seed?: Seed }
  /** Scratch space that goes with the pod. */
  | { readonly kind: 'empty'; readonly size: string };

export function workspaceFolder(workspace: RunWorkspace, mountPath: string): Mounted {
  const name = 'workspace';
  const volume = workspace.kind === 'empty'
    ? { name, emptyDir: { sizeLimit: workspace.size } }
    : { name, persistentVolumeClaim: { claimName: workspaceClaim(workspace.name) } };
  return { volume, mount: { name, mountPath } };
}

export function homeFolder(pod: TemplatePod): Mounted {
  const name = 'home';
  return { volume: { name, emptyDir: { sizeLimit: String(pod.homeSize ?? POD_DEFAULTS.homeSize) } }, mount: { name, mountPath: homePath(pod) } };
}

/** Between the agent and what reports beside it: sockets, raw output, events. */
export const PADDOCK_FOLDER: Mounted = {
  volume: { name: 'paddock', emptyDir: { sizeLimit: '1Gi' } },
  mount: { name: 'paddock', mountPath: RUN_PATHS.shared },
};

/** The kubelet reads the prompt, so that the operator need not read any Secret or ConfigMap. */
export function promptFolder(run: string, promptFrom: HarnessRunSpec['promptFrom']): Mounted {
  const mount: VolumeMount = { name: 'prompt', mountPath: RUN_PATHS.prompt, readOnly: true };
  return { volume: { name: mount.name, ...promptSource(run, promptFrom) }, mount };
}

function promptSource(run: string, { secretKeyRef, configMapKeyRef }: HarnessRunSpec['promptFrom'] = {}): Omit<Volume, 'name'> {
  if (configMapKeyRef !== undefined) return { configMap: { name: configMapKeyRef.name, ...asPrompt(configMapKeyRef.key) } };
  const { name, key } = secretKeyRef ?? { name: runObjects(run).prompt, key: PROMPT_KEY };
  return { secret: { secretName: name, ...asPrompt(key) } };
}

/** For the group too, which is that of the pod's volumes. */
function asPrompt(key: string): { readonly defaultMode: number; readonly items: KeyToPath[] } {
  return { defaultMode: 0o440, items: [{ key, path: PROMPT_KEY }] };
}

/** Numbered, because a name of a directory need not be one of a volume. */
export function sharedFolders({ sharedDirectories = [] }: TemplatePod): Mounted[] {
  return sharedDirectories.map((directory, index) => {
    const name = `shared-${index}`;
    const readOnly = directory.readOnly === true ? { readOnly: true } : {};
    return {
      volume: { name, persistentVolumeClaim: { claimName: sharedClaim(directory.name), ...readOnly } },
      mount: { name, mountPath: sharedPath(directory), ...readOnly },
    };
  });
}
