import { isOwn } from './api-objects';
import { EmittedBy } from './emitted-objects';
import { MORE_NETWORKS } from '../manifests/more-networks';
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

/** Objects of others under the name of one of the platform's: whichever is applied last wins, and the platform would work with what is in it. */
export function takenNameProblems(emitted: readonly EmittedBy[], namespaces: readonly string[]): string[] {
  const inside = emitted.filter(({ object }) => namespaces.includes(object.metadata?.namespace ?? 'default'));
  const own = new Set(inside.filter(({ source }) => isOwn(source)).map(identityOf));
  return inside
    .filter((one) => !isOwn(one.source) && own.has(identityOf(one)))
    .map(({ source, object }) => `${source.node.path}: ${object.kind} ${object.metadata.name}: the platform has an object of this name in namespace '${object.metadata.namespace}'`);
}

/** The same object in two versions of its API is one. */
function identityOf({ object: { apiVersion, kind, metadata } }: EmittedBy): string {
  const group = String(apiVersion).split('/').reverse()[1] ?? '';
  return [group, kind, metadata?.namespace ?? 'default', metadata?.name].join('/');
}

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
