import { addedBeyond, CONFINING_PROFILES, unmaskedProc } from './baseline-kernel';
import { containersOf, hasUserNamespace, isMissing, isWindows, listOf, securityContexts, shown } from './fields';
import { NOT_APPLICABLE, PodSecurityFinding, PodSecurityRule, restricted, UncheckedPod } from './rule';
import { USER_NAMESPACES_RELAX_SINCE } from './versions';

/**
 * Volumes that bring no storage of the node or of a provider into the pod past a claim. `image`
 * (KEP-4639) has no version: servers that know such volumes admit them whatever version of the
 * standard is asked for, as seen with 1.34.
 */
const VOLUME_TYPES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'];

/**
 * Rules that only the `restricted` standard has. Windows pods are let off those on Linux fields,
 * which the API refuses for them: since 1.25 (KEP-2802), so in every version of this table.
 */
export const RESTRICTED_RULES: readonly PodSecurityRule[] = [
  restricted('volume-types', `volumes are of the types ${VOLUME_TYPES.join(', ')}`, ({ spec }) => {
    const volumes = listOf(spec.volumes, 'spec.volumes');
    return volumes.length === 0 ? NOT_APPLICABLE : volumes.flatMap(foreignType);
  }),

  restricted('privilege-escalation', 'no process gets more rights than its parent', linuxOnly((pod) => (
    containersOf(pod).filter(({ container }) => container.securityContext?.allowPrivilegeEscalation !== false)
      .map(({ path, container }) => ({
        path: `${path}.securityContext.allowPrivilegeEscalation`,
        message: `must be false, got ${shown(container.securityContext?.allowPrivilegeEscalation)}`,
      }))
  ))),

  restricted('run-as-non-root', 'containers are started only as a user other than root', rootMatters((pod) => {
    const own = pod.spec.securityContext?.runAsNonRoot;
    const containers = containersOf(pod);
    const wrong = containers.filter(({ container }) => (container.securityContext?.runAsNonRoot ?? own) !== true)
      .map(({ path, container }) => finding(`${path}.securityContext.runAsNonRoot`, container.securityContext?.runAsNonRoot));
    // The pod's value counts for containers that come later, so a false one is wrong even where all others overrule it.
    const ownWrong = isMissing(own) || own === true ? [] : [finding('spec.securityContext.runAsNonRoot', own)];
    return [...ownWrong, ...wrong];
  })),

  restricted('run-as-user', 'no user is root', rootMatters((pod) => (
    securityContexts(pod).filter(({ context }) => !isMissing(context.runAsUser) && !(Number.isInteger(context.runAsUser) && context.runAsUser > 0))
      .map(({ path, context }) => ({ path: `${path}.runAsUser`, message: `must be a number above 0, or missing, got ${shown(context.runAsUser)}` }))
  ))),

  restricted('seccomp', 'every container has a seccomp profile, its own or the pod\'s', linuxOnly((pod) => {
    const own = pod.spec.securityContext?.seccompProfile;
    return containersOf(pod).filter(({ container }) => !CONFINING_PROFILES.includes((container.securityContext?.seccompProfile ?? own)?.type))
      .map(({ path, container }) => ({
        path: `${path}.securityContext.seccompProfile.type`,
        message: `must be ${CONFINING_PROFILES.join(' or ')} here or in the pod, got ${shown(container.securityContext?.seccompProfile?.type)}`,
      }));
  })),

  restricted('capabilities', 'containers drop ALL capabilities and add NET_BIND_SERVICE at most', linuxOnly((pod) => (
    containersOf(pod).flatMap(({ path, container }) => [...undropped(path, container), ...addedBeyond(path, container, ['NET_BIND_SERVICE'])])
  ))),

  // The baseline lets off pods in a user namespace since that version, this level does not:
  // k8s.io/pod-security-admission v0.35.0, policy/check_procMount_restricted.go.
  restricted('proc-mount', '/proc stays masked, in a user namespace too', unmaskedProc, USER_NAMESPACES_RELAX_SINCE),
];

type Check = (pod: UncheckedPod) => readonly PodSecurityFinding[];

function linuxOnly(check: Check): PodSecurityRule['check'] {
  return (pod) => isWindows(pod) ? NOT_APPLICABLE : check(pod);
}

/** Rules on root stop where root in the pod is a powerless user of the node. */
function rootMatters(check: Check): PodSecurityRule['check'] {
  return (pod, minor) => minor >= USER_NAMESPACES_RELAX_SINCE && hasUserNamespace(pod) ? NOT_APPLICABLE : check(pod);
}

function finding(path: string, value: unknown): PodSecurityFinding {
  return { path, message: `must be true here or in the pod, got ${shown(value)}` };
}

function undropped(path: string, container: any): PodSecurityFinding[] {
  const field = `${path}.securityContext.capabilities.drop`;
  const dropped = listOf(container.securityContext?.capabilities?.drop, field);
  return dropped.includes('ALL') ? [] : [{ path: field, message: `must hold "ALL", got ${shown(dropped)}` }];
}

/** A volume without a type is an `emptyDir`: the API server fills that in before it checks. */
function foreignType(volume: any): PodSecurityFinding[] {
  return Object.keys(volume)
    .filter((field) => field !== 'name' && !isMissing(volume[field]) && !VOLUME_TYPES.includes(field))
    .map((field) => ({ path: `spec.volumes[${volume.name}].${field}`, message: `must be one of ${VOLUME_TYPES.join(', ')}` }));
}
