import { quantity } from './quantities';
import { optional, plain, Rendered } from './render';
import type { Placement } from '../placement';
import type { TemplatePod } from '../protocol/resources/template-pod';
import type { SharedDirectory, TemplatePodOptions } from '../template-pod-options';

/** The `spec.pod` of a template. */
export function templatePodSpec(options: TemplatePodOptions): TemplatePod {
  const { userName, userId, groupId, imagePullPolicy, placement = {}, homeSize, temporarySize, sharedDirectories } = options;
  return plain<TemplatePod>({
    userName,
    runAsUser: userId,
    runAsGroup: groupId,
    imagePullPolicy,
    ...placed(placement),
    homeSize: optional(homeSize, quantity),
    temporarySize: optional(temporarySize, quantity),
    sharedDirectories: sharedDirectories?.map(sharedDirectory),
  });
}

function placed({ nodeSelector, tolerations, priorityClassName, runtimeClassName, imagePullSecrets }: Placement): Rendered<TemplatePod> {
  return {
    nodeSelector,
    tolerations: tolerations?.map(({ key, operator, value, effect, tolerationSeconds }) => ({ key, operator, value, effect, tolerationSeconds })),
    priorityClassName,
    runtimeClassName,
    imagePullSecrets: imagePullSecrets?.map((name) => ({ name })),
  };
}

function sharedDirectory({ name, size, storageClassName, mountPath, readOnly }: SharedDirectory) {
  return { name, size: optional(size, quantity), storageClass: storageClassName, mountPath, readOnly };
}
