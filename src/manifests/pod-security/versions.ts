/** Pod Security admission is stable since 1.25 (KEP-2579); nothing older is served by it in the same way. */
export const OLDEST_MINOR = 25;

/** The newest version whose rules this table has. Later versions are judged by these. */
export const NEWEST_MINOR = 37;

/**
 * Minor version of `v1.30` or `latest`: a later version than the newest known has the newest
 * rules, as in the API server. Throws on anything else, and on versions before the table begins.
 */
export function minorOf(version: string): number {
  if (version === 'latest') return NEWEST_MINOR;
  const minor = Number(/^v1\.(0|[1-9]\d{0,2})$/.exec(version)?.[1]);
  if (Number.isNaN(minor)) throw new Error(`version of the Pod Security rules must be 'latest' or like 'v1.30', got ${JSON.stringify(version)}`);
  if (minor < OLDEST_MINOR) throw new Error(`the Pod Security rules are known from v1.${OLDEST_MINOR} on, got '${version}'`);
  return Math.min(minor, NEWEST_MINOR);
}

/** By the version that began to allow them: parameters that are kept per pod and are harmless to others. */
const SYSCTLS: Readonly<Record<number, readonly string[]>> = {
  // https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
  25: [
    'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ping_group_range', 'net.ipv4.tcp_syncookies',
  ],
  // Pod Security Standards, Sysctls: "since Kubernetes 1.27".
  27: ['net.ipv4.ip_local_reserved_ports'],
  // The same list: "since Kubernetes 1.29".
  29: ['net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_keepalive_time'],
  // Safe for the kubelet since 1.32 (same page as 1.25), and in the standard of that version.
  32: ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
  // k8s.io/pod-security-admission v0.37.2, policy/check_sysctls.go.
  37: ['net.ipv4.tcp_notsent_lowat', 'net.ipv4.tcp_slow_start_after_idle'],
};

/** By the version that began to allow them. Pod Security Standards, SELinux: `container_engine_t` "since Kubernetes 1.31". */
const SELINUX_TYPES: Readonly<Record<number, readonly string[]>> = {
  25: ['container_t', 'container_init_t', 'container_kvm_t'],
  31: ['container_engine_t'],
};

/**
 * Since this version a pod in a user namespace may run as root, and unmask /proc by the `baseline`:
 * KEP-127 with KEP-4265. Before, only servers with the alpha gate `UserNamespacesPodSecurityStandards`
 * allow it. k8s.io/pod-security-admission v0.35.0, policy/check_runAsUser.go, check_runAsNonRoot.go
 * and check_procMount_baseline.go.
 */
export const USER_NAMESPACES_RELAX_SINCE = 35;

export function allowedSysctls(minor: number): string[] {
  return upTo(SYSCTLS, minor);
}

export function allowedSelinuxTypes(minor: number): string[] {
  return upTo(SELINUX_TYPES, minor);
}

function upTo(table: Readonly<Record<number, readonly string[]>>, minor: number): string[] {
  return Object.entries(table).filter(([since]) => Number(since) <= minor).flatMap(([, names]) => names);
}
