import { AUDIT_EVENT } from './audit-event';
import { BROKER_POLICY } from './broker-policy';
import { HARNESS_RUN } from './harness-run';
import { CLUSTER_HARNESS_TEMPLATE, HARNESS_TEMPLATE } from './harness-template';
import type { ResourceKind } from './kind';
import { WORKSPACE } from './workspace';

export type KindName = 'AuditEvent' | 'BrokerPolicy' | 'ClusterHarnessTemplate' | 'HarnessRun' | 'HarnessTemplate' | 'Workspace';

/** The kinds by name. */
export const KINDS: Readonly<Record<KindName, ResourceKind>> = {
  AuditEvent: AUDIT_EVENT,
  BrokerPolicy: BROKER_POLICY,
  ClusterHarnessTemplate: CLUSTER_HARNESS_TEMPLATE,
  HarnessRun: HARNESS_RUN,
  HarnessTemplate: HARNESS_TEMPLATE,
  Workspace: WORKSPACE,
};

/** The six kinds of custom resources. */
export const RESOURCE_KINDS: readonly ResourceKind[] = Object.values(KINDS);
