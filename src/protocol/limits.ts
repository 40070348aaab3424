/** Numbers that manifests and servers agree on. Sizes in bytes, times in seconds. */

/** Lifetime of the API tokens mounted into platform pods; the kubelet renews them at 80 %. */
export const API_TOKEN_SECONDS = 3600;

/** Lifetime of the tokens that parts of the platform show each other, each good for one audience; renewed in the same way. */
export const CALLER_TOKEN_SECONDS = 3600;

/** Time between SIGTERM and SIGKILL of platform pods: readiness off, drain, close. */
export const PLATFORM_GRACE_SECONDS = 30;

/** Time in which Services and proxies notice that a stopping pod is no longer ready, before it stops accepting. */
export const DRAIN_SECONDS = 5;

/** Secrets that one policy may name while each is checked on its own at admission. */
export const MAX_CHECKED_SECRETS = 24;

/** Shortest and longest time for which AuditEvents may be kept, and the time for which they are kept unless another is chosen. */
export const RETENTION_RANGE = [3600, 5 * 365 * 86_400] as const;
export const RETENTION_SECONDS = 7 * 86_400;

/** Time after which the program that removes old AuditEvents stops by itself; it goes on an hour after it began. */
export const RETENTION_WORK_SECONDS = 2400;

/** Time after which its Job ends in any case, with what it takes to start the pod. */
export const RETENTION_JOB_SECONDS = 3000;

/** Time for which its last Jobs are kept. */
export const RETENTION_KEPT_SECONDS = 86_400;

/** Secrets with credentials of registries that a template may name, and a namespace for all its pods. */
export const MAX_PULL_SECRETS = 16;

/** Longest time that a run may stay when it is over: what a number of 32 bits holds. */
export const MAX_TTL_SECONDS = 2_147_483_647;

/** Smallest storage of the audit log: room for two segments and what is left alone. */
export const MIN_AUDIT_MEBIBYTES = 256;

/** Longest name from which `<name>-<suffix>` names of Services still fit 63 characters. */
export const MAX_POOL_NAME = 45;

/** Largest user id that the API server takes. */
export const MAX_UID = 2_147_483_647;

/** Longest name of a platform: it is the prefix of names of cluster-scoped objects. */
export const MAX_PLATFORM_NAME = 40;

/** Time in which the NetworkPolicy of a new pod has to hold; after it the pod does not start. */
export const FENCE_SECONDS = 120;

/** Time that the pods of a probe get to start in, unless another is chosen. */
export const PROBE_START_SECONDS = 120;

/** Time that the pods of a probe get to try everything in, once all are there. */
export const PROBE_MEASURE_SECONDS = 180;

/** Time after which a policy counts as enforced: an edge that differs is tried again until then. */
export const PROBE_SETTLE_SECONDS = 20;

/** Time for which the result of a probe is kept. */
export const PROBE_KEPT_SECONDS = 3600;

/**
 * Half of the young generation of a server's heap, in MiB. From the memory limit of such a small pod Node takes far less,
 * and collects garbage all the time. https://nodejs.org/api/cli.html#--max-semi-space-sizesize-in-mib
 */
export const SEMI_SPACE_MEBIBYTES = 8;

/** The same of the session daemon, which holds little. */
export const SESSION_SEMI_SPACE_MEBIBYTES = 2;

/** Longest termination message that the kubelet takes. */
export const MAX_TERMINATION_MESSAGE = 4096;
