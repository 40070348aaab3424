/**
 * What a HarnessRun is made of in its namespace, and what its status says. Names, conditions and reasons are those that
 * paddock's clients know; those marked additive are ours.
 */
import { API_GROUP } from './names';

/** Keeps a run until its leases are revoked and its pod is told to stop. */
export const RUN_FINALIZER = `${API_GROUP}/harnessrun-finalizer`;

/** Owner of the fields that the operator applies. https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
export const OPERATOR_MANAGER = 'cdk8s-agent-platform-operator';

/** Names of the objects that are made for a run; all are owned by it. No name of one run is that of an object of another run. */
export function runObjects(run: string) {
  return {
    /** Secret with one key for each credential: its surrogate, or with delivery `InContainer` the credential itself. */
    credentials: `${run}-broker-creds`,
    /** Secret with the variables by which programs find the egress proxy; the address has the run's token. */
    egress: `${run}-egress`,
    /** Secret with the inline prompt. */
    prompt: `${run}-prompt`,
    /** NetworkPolicy of the run's pods. */
    networkPolicy: `${run}-egress`,
    /** The Workspace of a run that names none. */
    workspace: `${run}-ws`,
  } as const;
}

/** The pod of an attempt; the first is number 0. */
export function runPod(run: string, attempt: number): string {
  return `${run}-${attempt}`;
}

/** The claim of a Workspace, as paddock names it. */
export function workspaceClaim(workspace: string): string {
  return `ws-${workspace}`;
}

/** The claim of a directory that runs of a namespace share. */
export function sharedClaim(directory: string): string {
  return `shared-${directory}`;
}

/** Containers of the pod of a run. */
export const RUN_CONTAINERS = {
  /** The harness. Its state alone says what the run does. */
  agent: 'agent',
  /** Reports beside the agent; starts before it and ends after it. */
  runtime: 'runtime',
  /** Waits until the NetworkPolicy of the pod holds. */
  fence: 'fence',
  /** Clones the repositories of a Workspace that has none yet. */
  seed: 'seed',
} as const;

/** Key of the prompt in its Secret, and name of the file. */
export const PROMPT_KEY = 'prompt.txt';

/** Where a pod of a run has what it is told; as paddock's harnesses know it. */
export const RUN_PATHS = {
  /** Shared by agent and runtime. */
  shared: '/paddock',
  prompt: '/paddock/prompt',
  raw: '/paddock/raw/out',
  events: '/paddock/events/events.jsonl',
  dataSocket: '/paddock/agent-data.sock',
  controlSocket: '/paddock/agent-ctl.sock',
} as const;

/** Folder in a workspace for what is about the workspace. */
export const WORKSPACE_META = '.paddock';

/** Conditions of a HarnessRun with their reasons. `True` for the first reason of each, `False` for the others. */
export const RUN_CONDITIONS = {
  TemplateResolved: ['TemplateResolved', 'TemplateNotFound', 'TemplateInvalid'],
  /** Additive: whether policies grant what the template requires. */
  PolicySatisfied: ['Granted', 'PolicyMissing', 'PromptGranted'],
  WorkspaceBound: ['Bound', 'NotRequired', 'WorkspaceNotFound', 'WorkspaceNotReady', 'WorkspaceBusy', 'WorkspaceFailed', 'SeedRejected'],
  PromptResolved: ['Resolved'],
  BrokerReady: ['Issued', 'BrokerUnavailable', 'PoolExhausted', 'ProviderFailure', 'AuditUnavailable', 'RateLimited', 'BrokerDenied'],
  BrokerCredentialsReady: ['AllIssued', 'Issuing', 'RenewalFailed'],
  EgressConfigured: ['Cooperative', 'ProxyNotConfigured'],
  /** Additive. */
  PodCreated: ['PodCreated', 'PodSecurity', 'QuotaExceeded', 'AdmissionDenied', 'PodRefused', 'NameTaken', 'ApiUnavailable'],
  PodReady: ['Running', 'Pending', 'NodeUnreachable', 'Completed', 'Failed'],
  /** Additive: whether the leases of a run that is over are revoked. */
  CredentialsRevoked: ['Revoked', 'Revoking', 'RevokeFailed'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type RunConditionType = keyof typeof RUN_CONDITIONS;
export type RunReason<Type extends RunConditionType = RunConditionType> = (typeof RUN_CONDITIONS)[Type][number];

/**
 * Why a run is not over, for the condition `Completed` while that is `False`. The message says more, and what to do.
 */
export const WAITING_REASONS = [
  'InProgress', 'Cancelling', 'Retrying',
  'TemplateNotFound', 'TemplateInvalid', 'PolicyMissing', 'WorkspaceNotFound', 'WorkspaceNotReady', 'WorkspaceBusy',
  'BrokerUnavailable', 'PoolExhausted', 'ProviderFailure', 'AuditUnavailable', 'RateLimited', 'ProxyNotConfigured',
  'QuotaExceeded', 'ApiUnavailable', 'NameTaken',
  'Unschedulable', 'VolumePending', 'ContainerCreating', 'PodInitializing', 'FenceWaiting', 'Cloning',
  'ErrImagePull', 'ImagePullBackOff', 'ImageInspectError', 'RegistryUnavailable', 'SignatureValidationFailed',
  'CreateContainerConfigError', 'CreateContainerError', 'RunContainerError', 'CrashLoopBackOff',
  'NodeUnreachable', 'Terminating',
] as const;
export type WaitingReason = (typeof WAITING_REASONS)[number];

/** How a run ended, for the condition `Completed` while that is `True`. */
export const END_REASONS = [
  'Succeeded', 'Cancelled',
  'InteractiveUnsupported', 'TemplateNotFound', 'TemplateInvalid', 'PolicyMissing', 'PromptGranted', 'WorkspaceNotFound', 'WorkspaceFailed', 'SeedRejected', 'SeedFailed',
  'CredentialNameTaken', 'BrokerDenied', 'PodSecurity', 'AdmissionDenied', 'PodRefused', 'NameTaken',
  'InvalidImageName', 'ErrImageNeverPull', 'ErrImagePull', 'CreateContainerConfigError', 'CreateContainerError', 'RunContainerError',
  'FenceFailed', 'InitFailed', 'AgentFailed', 'OOMKilled', 'DeadlineExceeded',
  'Evicted', 'Preempted', 'NodeRefused', 'NodeShutdown', 'NodeLost', 'PodFailed', 'PodLost',
] as const;
export type EndReason = (typeof END_REASONS)[number];

/** Time for which a run waits for objects that are applied together with it: template, policies, Workspace. Seconds. */
export const PREREQUISITE_SECONDS = 60;

/**
 * Time before a run is begun again, doubled with each attempt that failed, up to a longest one. Seconds.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
 */
export const RETRY_SECONDS = { first: 10, longest: 360 } as const;

/** Time in which the leases of a run that is over are revoked; after it an Event says that they were not. Seconds. */
export const REVOKE_SECONDS = 30;

/** Time that a pod may take beyond its grace period before a deleted run does not wait for it any more. Seconds. */
export const STOP_MARGIN_SECONDS = 30;

/** Time that a node has, beyond the grace period of a pod, to end it at the deadline of its run before it is deleted. Seconds. */
export const DEADLINE_MARGIN_SECONDS = 60;
