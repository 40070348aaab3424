import type { BrokerPolicyStatus } from './broker-policy';
import type { HarnessRunStatus } from './harness-run-status';
import type { HarnessTemplateStatus } from './harness-template';
import type { WorkspaceStatus } from './workspace';

export type StatusWriter = 'operator' | 'broker';

type WritersOf<Status> = Readonly<Record<keyof Status, StatusWriter>>;

const TEMPLATE: WritersOf<HarnessTemplateStatus> = { observedGeneration: 'operator', conditions: 'operator' };

/**
 * Who writes which status field. Each has one writer, so no write can undo another's;
 * the broker's are fenced in by an admission policy.
 */
export const STATUS_WRITERS = {
  BrokerPolicy: { observedGeneration: 'operator', conditions: 'operator' } satisfies WritersOf<BrokerPolicyStatus>,
  HarnessTemplate: TEMPLATE,
  ClusterHarnessTemplate: TEMPLATE,
  HarnessRun: {
    observedGeneration: 'operator',
    phase: 'operator',
    agentPhase: 'operator',
    conditions: 'operator',
    jobName: 'operator',
    podName: 'operator',
    attempt: 'operator',
    workspaceRef: 'operator',
    podUID: 'operator',
    podIPs: 'operator',
    template: 'operator',
    giveUpTime: 'operator',
    nextAttemptTime: 'operator',
    startTime: 'operator',
    cancelReason: 'operator',
    completionTime: 'operator',
    recentEvents: 'operator',
    outputs: 'operator',
    credentials: 'operator',
    networkPolicyEnforced: 'operator',
    issuedLeases: 'operator',
    revokedLeases: 'broker',
    interactive: 'operator',
  } satisfies WritersOf<HarnessRunStatus>,
  Workspace: {
    phase: 'operator',
    pvcName: 'operator',
    seedJobName: 'operator',
    activeRunRef: 'operator',
    totalRuns: 'operator',
    lastCountedRun: 'operator',
    lastActivity: 'operator',
    conditions: 'operator',
  } satisfies WritersOf<WorkspaceStatus>,
} as const;
