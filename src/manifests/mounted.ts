import type { KeyToPath, Volume, VolumeMount } from 'kubernetes-types/core/v1';
import { CALLER_TOKEN_SECONDS } from '../protocol/limits';
import { TOKEN_FILE } from '../protocol/objects';

/** A volume and where a container has it. */
export interface Mounted {
  readonly volume: Volume;
  readonly mount: VolumeMount;
}

/** Which entries of a Secret or ConfigMap become files. */
export interface MountedKeys {
  /** All of them, when left out. The kubelet does not start the pod before each of them is there. */
  readonly keys?: readonly string[];
  /** Whether the pod starts without; what is filled in later appears within a minute or so. */
  readonly optional?: boolean;
}

const MODE = 0o440;

export function secretFolder(name: string, secretName: string, mountPath: string, chosen: MountedKeys = {}): Mounted {
  return mounted({ name, secret: { secretName, defaultMode: MODE, ...chosenKeys(chosen) } }, mountPath);
}

export function configMapFolder(name: string, configMapName: string, mountPath: string, chosen: MountedKeys = {}): Mounted {
  return mounted({ name, configMap: { name: configMapName, defaultMode: MODE, ...chosenKeys(chosen) } }, mountPath);
}

/**
 * A token of the pod's own account that only one audience takes: whoever gets it cannot use the API with it.
 * https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
 */
export function tokenFolder(name: string, audience: string, mountPath: string): Mounted {
  const source = { serviceAccountToken: { audience, path: TOKEN_FILE, expirationSeconds: CALLER_TOKEN_SECONDS } };
  return mounted({ name, projected: { defaultMode: MODE, sources: [source] } }, mountPath);
}

/** One key of a ConfigMap, and the name of the file it becomes. */
export interface ConfigMapFile {
  readonly configMapName: string;
  readonly key: string;
  readonly path: string;
}

/** Keys of several ConfigMaps in one folder. */
export function configMapFiles(name: string, files: readonly ConfigMapFile[], mountPath: string): Mounted {
  const sources = files.map(({ configMapName, key, path }) => ({ configMap: { name: configMapName, items: [{ key, path }] } }));
  return mounted({ name, projected: { defaultMode: MODE, sources } }, mountPath);
}

function mounted(volume: Volume, mountPath: string): Mounted {
  return { volume, mount: { name: volume.name, mountPath, readOnly: true } };
}

function chosenKeys({ keys, optional }: MountedKeys): { items?: KeyToPath[]; optional?: boolean } {
  return {
    ...(keys === undefined ? {} : { items: keys.map((key) => ({ key, path: key })) }),
    ...(optional === undefined ? {} : { optional }),
  };
}
