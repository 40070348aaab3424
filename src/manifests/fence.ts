import type { Volume, VolumeMount } from 'kubernetes-types/core/v1';
import { environment } from './environment';
import type { RestrictedContainer } from './pod';
import { FENCE_ENV } from '../protocol/env';
import { OBJECTS } from '../protocol/objects';
import { ENTRY_POINTS, PATHS } from '../protocol/paths';

/** A reference to an image, and whether that always means the same content. */
export interface PinnedImage {
  readonly image: string;
  readonly pinned: boolean;
}

/** What the roles publish for a namespace. The ConfigMap may come later, and its keys when controller and egress proxy are up. */
export const TRUST_VOLUME: Volume = { name: 'trust', configMap: { name: OBJECTS.agentTrust, optional: true } };

export const TRUST_MOUNT: VolumeMount = { name: TRUST_VOLUME.name, mountPath: PATHS.trust, readOnly: true };

/**
 * The init container after which a pod may run foreign code: some network plugins let the first packets of a new pod
 * out, whatever its policies say. In pods of runs it is the first, as others use the network. The pod needs `TRUST_VOLUME`.
 */
export function fenceInit({ image, pinned }: PinnedImage): RestrictedContainer {
  return {
    name: 'fence',
    image,
    imagePullPolicy: pinned ? 'IfNotPresent' : 'Always',
    args: [ENTRY_POINTS.fence],
    env: environment(FENCE_ENV, { AGENT_TRUST_DIR: PATHS.trust }),
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    mounts: [TRUST_MOUNT],
  };
}
