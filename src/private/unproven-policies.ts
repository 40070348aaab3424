import { isDeepStrictEqual } from 'node:util';
import { Manifest } from '../manifests/manifest';
import { ANNOTATIONS } from '../protocol/names';

const NAMESPACED = 'namespaced';
const CLUSTER = 'cluster';
const CALICO: Readonly<Record<string, string>> = { NetworkPolicy: NAMESPACED, GlobalNetworkPolicy: CLUSTER };

/** Kinds that decide about connections beside NetworkPolicy, by API group. */
const KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // https://docs.cilium.io/en/stable/network/kubernetes/policy/
  'cilium.io': { CiliumNetworkPolicy: NAMESPACED, CiliumClusterwideNetworkPolicy: CLUSTER },
  // https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy
  'crd.projectcalico.org': CALICO,
  'projectcalico.org': CALICO,
  // https://antrea.io/docs/main/docs/antrea-network-policy/
  'crd.antrea.io': { NetworkPolicy: NAMESPACED, ClusterNetworkPolicy: CLUSTER },
  // https://ovn-kubernetes.io/features/user-defined-networks/user-defined-networks/
  'k8s.ovn.org': { UserDefinedNetwork: NAMESPACED, ClusterUserDefinedNetwork: CLUSTER },
  // https://network-policy-api.sigs.k8s.io/api-overview/
  'policy.networking.k8s.io': { AdminNetworkPolicy: CLUSTER, BaselineAdminNetworkPolicy: CLUSTER, ClusterNetworkPolicy: CLUSTER },
};

/**
 * Policies of other kinds that may act on the namespaces. Those that the platform writes
 * itself have to be exactly as it writes them; anybody else's has to be accepted with a reason.
 */
export function unprovenProblems(objects: readonly any[], own: readonly Manifest[], namespaces: readonly string[]): string[] {
  const acting = objects.filter(({ apiVersion, kind, metadata }) => {
    const scope = scopeOf(apiVersion, kind);
    return scope === CLUSTER || (scope === NAMESPACED && namespaces.includes(metadata?.namespace ?? 'default'));
  });
  const missing = own.filter((wanted) => !acting.some((object) => titleOf(object) === titleOf(wanted)));
  const unread = acting.filter((object) => !isAccepted(object) && !own.some((wanted) => isDeepStrictEqual(meaningOf(object), meaningOf(wanted))));
  return [
    ...missing.map((wanted) => `${titleOf(wanted)} is missing, which the platform needs to reach the API server`),
    ...unread.map((object) => {
      const changed = own.some((wanted) => titleOf(wanted) === titleOf(object)) ? 'is not as the platform writes it, and ' : '';
      return `${titleOf(object)} ${changed}may change what NetworkPolicies say, and the proof cannot read its kind; `
        + `remove it, or give a reason in its annotation ${ANNOTATIONS.unproven}`;
    }),
  ];
}

/** Labels and annotations of a policy have no meaning on the network. */
function meaningOf(object: any): unknown {
  return { ...object, metadata: { name: object.metadata?.name, namespace: object.metadata?.namespace } };
}

function isAccepted({ metadata }: any): boolean {
  const reason = metadata?.annotations?.[ANNOTATIONS.unproven];
  return typeof reason === 'string' && reason.trim() !== '';
}

function titleOf({ apiVersion, kind, metadata }: any): string {
  return `${kind} ${[...(scopeOf(apiVersion, kind) === NAMESPACED ? [metadata?.namespace ?? 'default'] : []), metadata?.name].join('/')}`;
}

function scopeOf(apiVersion: unknown, kind: unknown): string | undefined {
  const group = String(apiVersion).split('/')[0];
  const kinds = Object.hasOwn(KINDS, group) ? KINDS[group] : {};
  return Object.hasOwn(kinds, String(kind)) ? kinds[String(kind)] : undefined;
}
