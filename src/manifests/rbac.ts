import type { PolicyRule } from 'kubernetes-types/rbac/v1';
import { Manifest, metadata, ObjectId } from './manifest';
import { API_GROUP, Role } from '../protocol/names';
import { OBJECTS } from '../protocol/objects';

/** Where a right holds: in the whole cluster, in the platform's own namespace, in each namespace of runs, or in each with a pool of warm workers. */
export type RightScope = 'cluster' | 'system' | 'run-namespace' | 'worker-namespace';

/** Objects whose names are known at synth only: the Secrets that policies name, the ConfigMaps that own the claimed workers of a pool. */
export type NamedAtSynth = 'provider-secrets' | 'pool-objects';

/** One line of the table of API rights. `why` is printed in the documentation. */
export interface Right {
  readonly role: Role;
  readonly scope: RightScope;
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** The only objects it holds for. */
  readonly names?: readonly string[] | NamedAtSynth;
  readonly why: string;
}

const READ = ['get', 'list', 'watch'];
const FILL = ['get', 'update'];

/** Every API right of the platform. A role without a line has no rights, and no token either. */
export const RIGHTS: readonly Right[] = [
  { role: 'broker', scope: 'cluster', group: 'authentication.k8s.io', resources: ['tokenreviews'], verbs: ['create'], why: 'asks the API server who a caller is' },
  { role: 'broker', scope: 'cluster', group: API_GROUP, resources: ['clusterharnesstemplates'], verbs: READ, why: 'what a run may require' },
  { role: 'broker', scope: 'run-namespace', group: API_GROUP, resources: ['brokerpolicies', 'harnessruns', 'harnesstemplates'], verbs: READ, why: 'which run may use which credential' },
  { role: 'broker', scope: 'run-namespace', group: API_GROUP, resources: ['harnessruns/status'], verbs: ['patch'], why: 'revokes leases; admission allows no other field' },
  { role: 'broker', scope: 'run-namespace', group: API_GROUP, resources: ['auditevents'], verbs: ['create'], why: 'ships the audit log' },
  { role: 'broker', scope: 'system', group: API_GROUP, resources: ['auditevents'], verbs: ['create'], why: 'anchors the audit log, and keeps events that no other namespace takes' },
  { role: 'broker', scope: 'run-namespace', group: '', resources: ['secrets'], verbs: ['get'], names: 'provider-secrets', why: 'reads exactly the credentials that policies name' },
  { role: 'broker', scope: 'system', group: '', resources: ['secrets'], verbs: FILL, names: [OBJECTS.brokerKeyring], why: 'creates and rotates the keys that seal bearers' },
  { role: 'broker', scope: 'system', group: '', resources: ['secrets'], verbs: FILL, names: [OBJECTS.brokerTls], why: 'creates and renews its serving certificate' },
  { role: 'broker', scope: 'system', group: '', resources: ['configmaps'], verbs: FILL, names: [OBJECTS.brokerCa], why: 'publishes the CA that callers trust' },
  { role: 'broker', scope: 'system', group: '', resources: ['configmaps'], verbs: FILL, names: [OBJECTS.brokerSlots], why: 'hands out slots of PAT pools by compare-and-set' },
  { role: 'broker', scope: 'system', group: '', resources: ['configmaps'], verbs: [...READ, 'patch'], names: [OBJECTS.revokedSessions], why: 'tells all replicas which sessions are over' },

  { role: 'controller', scope: 'cluster', group: 'authentication.k8s.io', resources: ['tokenreviews'], verbs: ['create'], why: 'asks the API server who a caller is' },
  { role: 'controller', scope: 'worker-namespace', group: '', resources: ['pods'], verbs: [...READ, 'patch', 'delete'], why: 'claims warm workers and ends claimed ones; admission allows nothing else' },
  { role: 'controller', scope: 'worker-namespace', group: '', resources: ['configmaps'], verbs: ['get'], names: 'pool-objects', why: 'makes claimed workers go when their pool goes' },
  { role: 'controller', scope: 'worker-namespace', group: '', resources: ['configmaps'], verbs: FILL, names: [OBJECTS.agentTrust], why: 'publishes the keys that sign init tokens; admission allows no other entry' },
  { role: 'controller', scope: 'system', group: '', resources: ['secrets'], verbs: FILL, names: [OBJECTS.sessionKeys], why: 'creates and rotates the keys that seal what the store keeps' },
  { role: 'controller', scope: 'system', group: '', resources: ['secrets'], verbs: FILL, names: [OBJECTS.controllerBootstrap], why: 'creates and rotates the keys that sign init tokens' },
  { role: 'controller', scope: 'system', group: '', resources: ['secrets'], verbs: FILL, names: [OBJECTS.controllerTls], why: 'creates and renews its serving certificate' },
  { role: 'controller', scope: 'system', group: '', resources: ['configmaps'], verbs: FILL, names: [OBJECTS.controllerCa], why: 'publishes the CA that callers trust' },
  { role: 'controller', scope: 'system', group: '', resources: ['secrets'], verbs: FILL, names: [OBJECTS.storeTls], why: 'creates and renews the certificate of the store' },
  { role: 'controller', scope: 'system', group: '', resources: ['configmaps'], verbs: FILL, names: [OBJECTS.storeCa], why: 'publishes the CA of the store' },
  { role: 'controller', scope: 'system', group: '', resources: ['secrets'], verbs: FILL, names: [OBJECTS.storeAccess], why: 'makes the password of the store' },
  { role: 'controller', scope: 'system', group: 'coordination.k8s.io', resources: ['leases'], verbs: FILL, names: [OBJECTS.controllerLease], why: 'lets one replica end what is over' },

  { role: 'egress', scope: 'system', group: '', resources: ['secrets'], verbs: FILL, names: [OBJECTS.egressCa], why: 'creates and renews the CAs that sign what agents see in place of the certificates of upstreams' },
  { role: 'egress', scope: 'system', group: '', resources: ['services'], verbs: ['get'], names: [OBJECTS.egress], why: 'learns its address, to tell it to agents' },
  { role: 'egress', scope: 'run-namespace', group: '', resources: ['configmaps'], verbs: FILL, names: [OBJECTS.agentTrust], why: 'publishes its address and whom to trust; admission allows no other entry' },

  { role: 'operator', scope: 'cluster', group: API_GROUP, resources: ['clusterharnesstemplates'], verbs: READ, why: 'what runs of all namespaces may be made of' },
  { role: 'operator', scope: 'cluster', group: API_GROUP, resources: ['clusterharnesstemplates/status'], verbs: ['patch'], why: 'says whether a template can be used' },
  { role: 'operator', scope: 'cluster', group: API_GROUP, resources: ['harnessruns'], verbs: ['patch'], why: 'takes its finalizer off where its other rights have gone before the run, with their namespace; admission allows nothing else' },
  { role: 'operator', scope: 'run-namespace', group: API_GROUP, resources: ['harnessruns'], verbs: [...READ, 'patch', 'delete'], why: 'keeps its finalizer on runs that have something to take back, and deletes them when their time after the end is over; admission allows no other change' },
  { role: 'operator', scope: 'run-namespace', group: API_GROUP, resources: ['harnessruns/status'], verbs: ['patch'], why: 'says what a run does; admission leaves the revocations to the broker' },
  { role: 'operator', scope: 'run-namespace', group: API_GROUP, resources: ['brokerpolicies', 'harnesstemplates'], verbs: READ, why: 'what a run is made of, and whether it is granted what it needs' },
  { role: 'operator', scope: 'run-namespace', group: API_GROUP, resources: ['brokerpolicies/status', 'harnesstemplates/status'], verbs: ['patch'], why: 'says whether a template can be used, and which policies apply' },
  { role: 'operator', scope: 'run-namespace', group: API_GROUP, resources: ['workspaces'], verbs: [...READ, 'create'], why: 'makes those of runs that name none; admission allows no others' },
  { role: 'operator', scope: 'run-namespace', group: API_GROUP, resources: ['workspaces/status'], verbs: ['patch'], why: 'says which run a Workspace is lent to' },
  { role: 'operator', scope: 'run-namespace', group: '', resources: ['pods'], verbs: [...READ, 'create', 'delete'], why: 'makes and ends the pods of runs; admission allows no other pod' },
  // No patch: a JSON patch copies a value to where it is invalid, and the answer shows it. https://www.rfc-editor.org/rfc/rfc6902#section-4.5
  { role: 'operator', scope: 'run-namespace', group: '', resources: ['secrets'], verbs: ['create', 'update'], why: 'hands a run its bearers and its prompt, and can read no Secret; admission allows no other Secret' },
  { role: 'operator', scope: 'run-namespace', group: '', resources: ['configmaps'], verbs: ['get'], names: [OBJECTS.agentTrust], why: 'learns where the egress proxy is' },
  { role: 'operator', scope: 'run-namespace', group: '', resources: ['persistentvolumeclaims'], verbs: [...READ, 'create'], why: 'makes the volumes of Workspaces and shared directories; admission allows no others' },
  { role: 'operator', scope: 'run-namespace', group: 'networking.k8s.io', resources: ['networkpolicies'], verbs: [...READ, 'create', 'update'], why: 'gives each run a NetworkPolicy of its own; admission allows no other openings' },
  { role: 'operator', scope: 'run-namespace', group: '', resources: ['events'], verbs: ['list', 'create', 'patch'], why: 'tells people about runs, and reads why a pod waits' },
  { role: 'operator', scope: 'system', group: 'coordination.k8s.io', resources: ['leases'], verbs: FILL, names: [OBJECTS.operatorLease], why: 'lets one replica act' },

  { role: 'retention', scope: 'run-namespace', group: API_GROUP, resources: ['auditevents'], verbs: ['list', 'delete'], why: 'removes old ones, which neither broker nor operator can' },
  { role: 'retention', scope: 'system', group: API_GROUP, resources: ['auditevents'], verbs: ['list', 'delete'], why: 'removes old anchors, and events that no other namespace has taken' },
];

/** The rights of a role in a scope. `skip` leaves out rights on named objects that the role does not own in this deployment. */
export function rightsOf(role: Role, scope: RightScope, skip: readonly string[] = []): Right[] {
  return RIGHTS.filter((right) => right.role === role && right.scope === scope)
    .filter((right) => !(Array.isArray(right.names) && right.names.some((name) => skip.includes(name))));
}

/**
 * RBAC rules for rights. A right on named objects without any name gives no rule at all:
 * in RBAC an empty `resourceNames` means every object.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
 */
export function policyRules(rights: readonly Right[], namedAtSynth: { readonly [Names in NamedAtSynth]?: readonly string[] } = {}): PolicyRule[] {
  return rights.flatMap((right) => {
    const names = typeof right.names === 'string' ? namedAtSynth[right.names] ?? [] : right.names;
    if (names?.length === 0) return [];
    return [{
      apiGroups: [right.group],
      resources: [...right.resources],
      verbs: [...right.verbs],
      ...(names === undefined ? {} : { resourceNames: [...names] }),
    }];
  });
}

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** A Role (or, without a namespace, a ClusterRole) and its binding to one ServiceAccount. `rules` may be lazy. */
export function roleAndBinding(id: ObjectId, rules: unknown, account: Account): [Manifest, Manifest] {
  const kind = id.namespace === undefined ? 'ClusterRole' : 'Role';
  const apiGroup = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: `${apiGroup}/v1`, kind, metadata: metadata(id), rules },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: `${kind}Binding`,
      metadata: metadata(id),
      roleRef: { apiGroup, kind, name: id.name },
      subjects: [{ kind: 'ServiceAccount', namespace: account.namespace, name: account.name }],
    },
  ];
}
