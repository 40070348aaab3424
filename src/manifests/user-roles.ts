import { Manifest, metadata } from './manifest';
import { API_GROUP } from '../protocol/names';

/**
 * What people may be in a namespace, least first. Each may also do what those before it may.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
 */
export const USER_ROLES = ['view', 'edit', 'admin'] as const;
export type UserRole = (typeof USER_ROLES)[number];

/** One line of the table of rights of people. `why` is printed in the documentation. */
export interface UserRight {
  /** The least role that has it. */
  readonly role: UserRole;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly why: string;
}

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/**
 * What people may do with the platform's resources. A status is written by parts of the platform alone. Cluster-wide templates are read
 * by whom a role is bound to in the whole cluster: a binding in a namespace gives nothing outside of it.
 */
export const USER_RIGHTS: readonly UserRight[] = [
  { role: 'view', resources: ['brokerpolicies', 'clusterharnesstemplates', 'harnessruns', 'harnesstemplates', 'workspaces'], verbs: READ, why: 'sees what runs do, what they are made of and what they may use' },
  { role: 'edit', resources: ['harnessruns', 'workspaces'], verbs: WRITE, why: 'submits, cancels and deletes runs' },
  { role: 'edit', resources: ['harnesstemplates'], verbs: WRITE, why: 'says which image uses what policies grant; `edit` of the cluster may run any pod and read every Secret of the namespace anyway' },
  { role: 'admin', resources: ['brokerpolicies'], verbs: WRITE, why: 'says which hosts and credentials runs may use; admission asks whether the author may read the Secrets' },
  { role: 'admin', resources: ['auditevents'], verbs: READ, why: 'sees what runs have used, and what they were refused' },
];

/**
 * A ClusterRole for each, to be bound in namespaces. Where it is wanted, the cluster's own of the same name gathers its rights. Each has
 * those of the lesser ones, so one label is enough.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
 */
export function userRoles(platform: string, aggregated: boolean): Manifest[] {
  return USER_ROLES.map((role, index) => {
    const base = metadata({ platform, part: 'runs', name: `${platform}-${role}` });
    const gathered = aggregated ? { [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' } : {};
    const held = USER_ROLES.slice(0, index + 1);
    return {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { ...base, labels: { ...base.labels, ...gathered } },
      rules: USER_RIGHTS.filter((right) => held.includes(right.role))
        .map(({ resources, verbs }) => ({ apiGroups: [API_GROUP], resources: [...resources], verbs: [...verbs] })),
    };
  });
}
