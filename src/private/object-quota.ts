import { integerProblem, problems } from './validation';
import { ObjectCounts } from '../manifests/object-quota';
import { ObjectQuota } from '../object-quota';

/** Workspaces beside those that runs have of their own. */
const MORE_WORKSPACES = 1000;

/** More than broker and operator can hold. */
const MOST = 1_000_000;

/** What a namespace may hold. */
export function objectCounts({ runs = 5000, templates = 500, workspaces, policies = 200 }: ObjectQuota): ObjectCounts {
  return { HarnessRun: runs, HarnessTemplate: templates, Workspace: workspaces ?? runs + MORE_WORKSPACES, BrokerPolicy: policies };
}

export function objectQuotaProblems(quota: ObjectQuota | undefined, hasRuns: boolean): string[] {
  if (quota === undefined) return [];
  if (!hasRuns) return ['objectQuota has no effect on a platform without runs; leave it out'];
  const given = Object.entries(quota).filter(([, count]) => count !== undefined);
  return problems(...given.map(([name, count]) => integerProblem(`objectQuota.${name}`, count, 0, MOST)));
}
