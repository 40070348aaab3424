import { canonical, EmittedObject, sortedBy, unique } from './emitted';
import { PostureAccount, PosturePods, PostureRight } from '../../protocol/posture';

const RBAC = 'rbac.authorization.k8s.io';

/**
 * Who has which API rights: every account of the namespaces, and whoever else is bound in one of them. Bindings
 * for the whole cluster count when they name an account of the namespaces or a group that contains it.
 */
export function postureAccounts(objects: readonly EmittedObject[], pods: readonly PosturePods[], namespaces: readonly string[]): PostureAccount[] {
  const rights = new Map<string, PostureRight[]>();
  const add = (subject: string, granted: readonly PostureRight[]) => rights.set(subject, [...rights.get(subject) ?? [], ...granted]);
  objects
    .filter(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.namespace !== undefined && namespaces.includes(metadata.namespace))
    .forEach(({ metadata }) => add(accountName(metadata.namespace!, metadata.name), []));
  pods.forEach(({ namespace, account }) => add(accountName(namespace, account), []));
  for (const binding of objects.filter(({ apiVersion, kind }) => apiVersion.startsWith(`${RBAC}/`) && kind.endsWith('RoleBinding'))) {
    const granted = rightsOf(binding, objects);
    const here = binding.metadata.namespace !== undefined && namespaces.includes(binding.metadata.namespace);
    for (const subject of binding.subjects ?? []) {
      if (here || concerns(subject, namespaces)) add(subjectName(subject), granted);
    }
  }
  const accounts = [...rights].map(([subject, found]) => (
    { subject, workloads: workloadsOf(subject, pods), rights: sortedBy(found, canonical) }));
  return sortedBy(accounts, ({ subject }) => subject);
}

function accountName(namespace: string, name: string): string {
  return `ServiceAccount ${namespace}/${name}`;
}

function subjectName({ kind, namespace, name }: any): string {
  return kind === 'ServiceAccount' ? accountName(namespace, name) : `${kind} ${name}`;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects */
function concerns({ kind, namespace, name }: any, namespaces: readonly string[]): boolean {
  if (kind === 'ServiceAccount') return namespaces.includes(namespace);
  const groups = ['system:serviceaccounts', 'system:authenticated', ...namespaces.map((one) => `system:serviceaccounts:${one}`)];
  return groups.includes(name) || namespaces.some((one) => name.startsWith(`system:serviceaccount:${one}:`));
}

function workloadsOf(subject: string, pods: readonly PosturePods[]): string[] {
  return unique(pods.filter(({ namespace, account }) => accountName(namespace, account) === subject).map(({ namespace, workload }) => `${namespace}/${workload}`));
}

function rightsOf(binding: EmittedObject, objects: readonly EmittedObject[]): PostureRight[] {
  const { kind, name } = binding.roleRef;
  const scope = binding.kind === 'ClusterRoleBinding' ? 'cluster' : `namespace ${binding.metadata.namespace}`;
  const role = objects.find((object) => object.kind === kind && object.metadata.name === name
    && (kind === 'ClusterRole' || object.metadata.namespace === binding.metadata.namespace));
  const common = { scope, role: `${kind} ${name}` };
  if (role === undefined) return [{ ...common, known: false, groups: [], resources: [], verbs: [], names: [], urls: [] }];
  const gathered = role.aggregationRule === undefined ? [] : [{ ...common, known: false, groups: [], resources: [], verbs: [], names: [], urls: [] }];
  return [...gathered, ...(role.rules ?? []).map((rule: any): PostureRight => ({
    ...common,
    known: true,
    groups: unique(rule.apiGroups ?? []),
    resources: unique(rule.resources ?? []),
    verbs: unique(rule.verbs ?? []),
    names: unique(rule.resourceNames ?? []),
    urls: unique(rule.nonResourceURLs ?? []),
  }))];
}
