import { containersOf, hasUserNamespace, isMissing, listOf, securityContexts, shown, unlessAllowed } from './fields';
import { baseline, NOT_APPLICABLE, PodSecurityFinding, PodSecurityRule, UncheckedPod } from './rule';
import { allowedSelinuxTypes, allowedSysctls, USER_NAMESPACES_RELAX_SINCE } from './versions';

/** What container runtimes give a container that asks for nothing. */
const DEFAULT_CAPABILITIES = [
  'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
];

/** Profiles that confine. `Unconfined` is the only other one. */
export const CONFINING_PROFILES = ['RuntimeDefault', 'Localhost'];

/** Rules of the `baseline` standard on what the node's kernel keeps from a pod. */
export const KERNEL_RULES: readonly PodSecurityRule[] = [
  baseline('capabilities', 'no capability beyond those of the container runtime', (pod) => (
    containersOf(pod).flatMap(({ path, container }) => addedBeyond(path, container, DEFAULT_CAPABILITIES))
  )),

  // One rule for both ways to say it. The fields came with 1.30 (KEP-24); servers since then look at
  // them in every version of the standard, and older ones do not know them.
  baseline('apparmor', 'AppArmor is not switched off', (pod) => [
    ...annotatedProfiles(pod.metadata?.annotations ?? {}),
    ...unlessAllowed(
      securityContexts(pod).map(({ path, context }) => ({ path: `${path}.appArmorProfile.type`, value: typeOf(context.appArmorProfile) })),
      CONFINING_PROFILES,
    ),
  ]),

  baseline('selinux', 'SELinux keeps a type for containers, its user and its role', (pod, minor) => {
    const options = securityContexts(pod).map(({ path, context }) => ({ path: `${path}.seLinuxOptions`, given: context.seLinuxOptions }))
      .filter(({ given }) => !isMissing(given));
    if (options.length === 0) return NOT_APPLICABLE;
    return [
      ...unlessAllowed(options.map(({ path, given }) => ({ path: `${path}.type`, value: given.type })), ['', ...allowedSelinuxTypes(minor)]),
      ...unlessAllowed(options.flatMap(({ path, given }) => ['user', 'role'].map((field) => ({ path: `${path}.${field}`, value: given[field] }))), ['']),
    ];
  }),

  baseline('proc-mount', '/proc stays masked', (pod, minor) => {
    if (minor >= USER_NAMESPACES_RELAX_SINCE && hasUserNamespace(pod)) return NOT_APPLICABLE;
    return unmaskedProc(pod);
  }),

  baseline('seccomp', 'seccomp is not switched off', (pod) => unlessAllowed(
    securityContexts(pod).map(({ path, context }) => ({ path: `${path}.seccompProfile.type`, value: typeOf(context.seccompProfile) })),
    CONFINING_PROFILES,
  )),

  baseline('sysctls', 'only kernel parameters that a pod cannot harm others with', ({ spec }, minor) => {
    const sysctls = listOf(spec.securityContext?.sysctls, 'spec.securityContext.sysctls');
    if (sysctls.length === 0) return NOT_APPLICABLE;
    const allowed = allowedSysctls(minor);
    return sysctls.filter(({ name }) => !allowed.includes(name))
      .map(({ name }) => ({ path: `spec.securityContext.sysctls[${name}]`, message: `must be one of ${allowed.join(', ')}` }));
  }),
];

/** A finding for each capability that is added and not allowed. Kubernetes takes names without `CAP_`, in upper case. */
export function addedBeyond(path: string, container: any, allowed: readonly string[]): PodSecurityFinding[] {
  const field = `${path}.securityContext.capabilities.add`;
  return listOf(container.securityContext?.capabilities?.add, field)
    .filter((name) => !allowed.includes(name))
    .map((name) => ({ path: field, message: `must be none but ${allowed.join(', ')}, got ${shown(name)}` }));
}

/** A finding for each container that asks for more of /proc than runtimes show. */
export function unmaskedProc(pod: UncheckedPod): PodSecurityFinding[] {
  return unlessAllowed(
    containersOf(pod).map(({ path, container }) => ({ path: `${path}.securityContext.procMount`, value: container.securityContext?.procMount })),
    ['Default'],
  );
}

/** A profile without a type is malformed, not missing. */
function typeOf(profile: any): unknown {
  return isMissing(profile) ? undefined : profile.type ?? '';
}

const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** How AppArmor was asked for before 1.30, and still can be. */
function annotatedProfiles(annotations: Record<string, unknown>): PodSecurityFinding[] {
  return Object.entries(annotations)
    .filter(([name, value]) => name.startsWith(APPARMOR_ANNOTATION) && !confines(value))
    .map(([name, value]) => ({ path: `metadata.annotations[${name}]`, message: `must be runtime/default or localhost/..., got ${shown(value)}` }));
}

function confines(profile: unknown): boolean {
  return profile === '' || profile === 'runtime/default' || (typeof profile === 'string' && profile.startsWith('localhost/'));
}
