/** The two Pod Security Standards that restrict anything; `restricted` holds every rule of `baseline`. */
export type PodSecurityLevel = 'baseline' | 'restricted';

/**
 * A pod, or anything with the metadata and spec of one, as JSON that nobody has checked:
 * rules read pods of charts and of users, which may hold anything anywhere.
 */
export interface UncheckedPod {
  readonly metadata?: any;
  readonly spec?: any;
}

/** What a rule holds against a pod. */
export interface PodSecurityFinding {
  /** Field within the pod, such as `spec.containers[app].securityContext.privileged`. */
  readonly path: string;
  /** What is there and what is allowed. */
  readonly message: string;
}

/** The rule has nothing to say about this pod, such as a rule on Linux fields about a Windows pod. */
export const NOT_APPLICABLE = 'not applicable';

/** One row of the table. */
export interface PodSecurityRule {
  /** Never changes: waivers name it. */
  readonly id: string;
  readonly level: PodSecurityLevel;
  readonly title: string;
  /** Page and section of the Kubernetes documentation. */
  readonly link: string;
  /** First Kubernetes minor version 1.x whose standard has the rule. No rule has ever been taken back. */
  readonly since: number;
  /** No finding: the pod is as the rule wants it. `minor` picks what the rule of that version allows. */
  readonly check: (pod: UncheckedPod, minor: number) => readonly PodSecurityFinding[] | typeof NOT_APPLICABLE;
}

const STANDARDS = 'https://kubernetes.io/docs/concepts/security/pod-security-standards/';

/** A row of the `baseline` standard. */
export function baseline(id: string, title: string, check: PodSecurityRule['check'], since = 25): PodSecurityRule {
  return { id: `baseline/${id}`, level: 'baseline', title, link: `${STANDARDS}#baseline`, since, check };
}

/** A row that only the `restricted` standard has. */
export function restricted(id: string, title: string, check: PodSecurityRule['check'], since = 25): PodSecurityRule {
  return { id: `restricted/${id}`, level: 'restricted', title, link: `${STANDARDS}#restricted`, since, check };
}
