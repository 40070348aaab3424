import type { Again, OperatorDeps } from './operator-deps';
import { reconcileClusterTemplate } from './readiness/cluster-template';
import { reconcilePolicy } from './readiness/policy';
import { reconcileTemplate } from './readiness/template';
import { reconcileRun } from './runs/reconcile-run';
import type { WorkedOn, WorkKey } from './wake';
import { reconcileWorkspace } from './workspaces/reconcile-workspace';

type Reconcile = (deps: OperatorDeps, namespace: string, name: string) => Promise<Again>;

const BY_KIND: Readonly<Record<WorkedOn, Reconcile>> = {
  HarnessRun: reconcileRun,
  Workspace: reconcileWorkspace,
  HarnessTemplate: reconcileTemplate,
  ClusterHarnessTemplate: (deps, _, name) => reconcileClusterTemplate(deps, name),
  BrokerPolicy: reconcilePolicy,
};

/** Works on one object. */
export function reconcile(deps: OperatorDeps, { kind, namespace, name }: WorkKey): Promise<Again> {
  return BY_KIND[kind](deps, namespace, name);
}
