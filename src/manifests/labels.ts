import { APP_LABELS, LABELS, MANAGED_BY, Part, Role } from '../protocol/names';

export type Labels = Record<string, string>;

/** Labels of every object of a platform. They never enter a selector. */
export function objectLabels(platform: string, part: Part): Labels {
  return {
    [APP_LABELS.name]: 'agent-platform',
    [APP_LABELS.instance]: platform,
    [APP_LABELS.partOf]: 'agent-platform',
    [APP_LABELS.managedBy]: MANAGED_BY,
    [LABELS.platform]: platform,
    [LABELS.part]: part,
  };
}

/** Selects all pods of a role, or of one worker pool. NetworkPolicies and workload selectors use it. */
export function roleSelector(role: Role, pool?: string): Labels {
  return { [LABELS.role]: role, ...(pool === undefined ? {} : { [LABELS.pool]: pool }) };
}

/** Selects the pods behind a Service or PodDisruptionBudget: those that really serve, not probes of the same role. */
export function servingSelector(role: Role, pool?: string): Labels {
  return { ...roleSelector(role, pool), [LABELS.serving]: 'true' };
}

/** Selects the pods that stand in for a role while the network is tried, and no pod that serves. */
export function probeSelector(role: Role, pool?: string): Labels {
  return { ...roleSelector(role, pool), [LABELS.probe]: 'true' };
}

/** Labels of a pod that stands in for a role: policies of the role select it, Services and PodDisruptionBudgets do not. */
export function probeLabels(platform: string, role: Role, pool?: string): Labels {
  return { ...objectLabels(platform, 'network'), [APP_LABELS.component]: role, ...probeSelector(role, pool) };
}

/** Labels of a pod template. */
export function podLabels(platform: string, part: Part, role: Role, pool?: string): Labels {
  return { ...objectLabels(platform, part), [APP_LABELS.component]: role, ...servingSelector(role, pool) };
}
