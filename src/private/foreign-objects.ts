import { isOwn } from './api-objects';
import { EmittedBy } from './emitted-objects';
import { podsIn } from '../manifests/pod-security/pods-in';
import { LABELS } from '../protocol/names';

/**
 * Pods of others that would pass for the platform's: policies and Services know its pods by
 * the label of their role, so whoever has it gets their connections.
 */
export function claimedRoleProblems(emitted: readonly EmittedBy[], namespaces: readonly string[]): string[] {
  return emitted
    .filter(({ source, object }) => !isOwn(source) && namespaces.includes(object.metadata?.namespace ?? 'default'))
    .flatMap(({ source, object }) => podsIn(object)
      .map(({ pod }) => pod.metadata?.labels?.[LABELS.role])
      .filter((role) => role !== undefined)
      .map((role) => `${source.node.path}: ${object.kind} ${object.metadata?.name}: its pods have the label ${LABELS.role}: ${role}, `
        + 'which opens the connections of the platform\'s own pods to them; only the platform may give it'));
}

/** https://github.com/k8snetworkplumbingwg/multi-net-spec */
const MORE_NETWORKS = ['k8s.v1.cni.cncf.io/networks', 'v1.multus-cni.io/default-network'];

/** Pods that get an interface which no NetworkPolicy knows. */
export function secondNetworkProblems(emitted: readonly EmittedBy[], namespaces: readonly string[]): string[] {
  return emitted
    .filter(({ object }) => namespaces.includes(object.metadata?.namespace ?? 'default'))
    .flatMap(({ source, object }) => podsIn(object)
      .flatMap(({ pod }) => MORE_NETWORKS.filter((annotation) => pod.metadata?.annotations?.[annotation] !== undefined))
      .map((annotation) => `${source.node.path}: ${object.kind} ${object.metadata?.name}: its pods have the annotation ${annotation}, `
        + 'and NetworkPolicies do not hold on the network that it gives them'));
}

const ENFORCE = 'pod-security.kubernetes.io/enforce';

/** Namespaces of the platform in which the cluster would not refuse what synth refuses. Those that no chart makes are not ours to judge. */
export function namespaceProblems(emitted: readonly EmittedBy[], namespaces: readonly string[]): string[] {
  return emitted
    .filter(({ object }) => object.apiVersion === 'v1' && object.kind === 'Namespace' && namespaces.includes(object.metadata?.name))
    .filter(({ object }) => object.metadata.labels?.[ENFORCE] !== 'restricted')
    .map(({ source, object }) => `${source.node.path}: Namespace ${object.metadata.name}: its label ${ENFORCE} must be restricted, `
      + `got ${JSON.stringify(object.metadata.labels?.[ENFORCE]) ?? 'nothing'}`);
}
