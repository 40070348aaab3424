/** Names that clients, manifests and servers share. Nothing here changes with the user's input. */

/** API group of the custom resources, as paddock's clients know it. */
export const API_GROUP = 'paddock.dev';
export const API_VERSION = 'v1alpha1';
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}`;

/** Audience of the ServiceAccount tokens that the broker accepts. */
export const BROKER_AUDIENCE = 'paddock-broker';

/** Audience of the ServiceAccount tokens that the controller accepts. */
export const CONTROLLER_AUDIENCE = 'agent-platform-controller';

/** Name of the ServiceAccount that a run acts with. */
export function ownAccount(run: string): string {
  return `${run}-collector`;
}

/**
 * What a pod does. Workload selectors and NetworkPolicies select pods by role.
 * `session` pods are the workers of a pool; `agent` pods are made for one HarnessRun;
 * `retention` pods remove old AuditEvents, and end;
 * the `probe` pod tries the network, with pods that stand in for the others.
 */
export const ROLES = ['broker', 'egress', 'controller', 'gateway', 'operator', 'retention', 'store', 'session', 'agent', 'probe'] as const;
export type Role = (typeof ROLES)[number];

/** Which piece of the deployment an object belongs to; every object carries it as a label. */
export const PARTS = ['definitions', 'namespaces', 'admission', 'network', 'broker', 'egress', 'sessions', 'workers', 'policies', 'runs'] as const;
export type Part = (typeof PARTS)[number];

const PREFIX = 'cdk8s-agent-platform';

/** Labels of our own, beside the recommended `app.kubernetes.io/*` ones. */
export const LABELS = {
  /** Name of the platform an object belongs to; on Namespaces it marks where the platform acts. */
  platform: `${PREFIX}/platform`,
  part: `${PREFIX}/part`,
  role: `${PREFIX}/role`,
  /** `true` on pods that answer behind a Service; a probe pod carries the role without it. */
  serving: `${PREFIX}/serving`,
  pool: `${PREFIX}/pool`,
  /** `true` on pods that stand in for those of a role while the network is tried. */
  probe: `${PREFIX}/probe`,
  /** `warm` or `claimed`; never part of a Service, PodDisruptionBudget or NetworkPolicy selector. */
  state: `${PREFIX}/state`,
  session: `${PREFIX}/session`,
  /** On pods made for a HarnessRun, as paddock sets it. */
  run: `${API_GROUP}/run`,
  /** What else paddock sets on pods of runs. */
  runTemplate: `${API_GROUP}/template`,
  runHarness: `${API_GROUP}/harness`,
  runMode: `${API_GROUP}/mode`,
  runWorkspace: `${API_GROUP}/workspace`,
  /** On pods of runs: the number of the attempt. */
  attempt: `${PREFIX}/attempt`,
} as const;

/** Values of the state label. */
export const WORKER_STATES = { warm: 'warm', claimed: 'claimed' } as const;

/** Annotations of our own. */
export const ANNOTATIONS = {
  /** Hash of what a pod was configured with, so that another configuration makes another pod. */
  config: `${PREFIX}/config`,
  /** On objects for which a Pod Security rule was waived: one line for each finding, with the reason. */
  waived: `${PREFIX}/waived`,
  /** On policies in languages that the reach proof cannot read: the reason why they are accepted. */
  unproven: `${PREFIX}/unproven`,
  /** On a HarnessRun: ends it as `Cancelled`. The value is the reason, for people. */
  cancel: `${PREFIX}/cancel`,
  /** On pods of runs: the template that the pod was made of, as policies look at it. JSON of a `TemplateIdentity`. */
  template: `${PREFIX}/template`,
} as const;

/**
 * Annotations on pods of runs, for those who empty nodes to save some: an agent cannot go on elsewhere where it was.
 * https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md and https://karpenter.sh/docs/concepts/disruption/
 */
export const NOT_TO_BE_MOVED = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false', 'karpenter.sh/do-not-disrupt': 'true' } as const;

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export const APP_LABELS = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** Set by Kubernetes on every Namespace, so that selectors can name one. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

export const MANAGED_BY = PREFIX;
