import { postureAccounts } from './accounts';
import { otherPolicies } from './cilium';
import { EmittedObject, isOf, sortedBy, unique } from './emitted';
import { postureFlows } from './flows';
import { postureCredentials, postureEgress, posturePolicies } from './grants';
import { holdersOf } from './holders';
import { placeParties } from './place-parties';
import { otherPods, podParties } from './pod-parties';
import { posturePods } from './pods';
import { readable } from './readable';
import { postureWaivers } from './waivers';
import { POSTURE_SCHEMA, PostureDocument, PostureNamespace } from '../../protocol/posture';
import { POD_SECURITY_VERSION } from '../config';
import { unpacked } from '../lists';
import { Topology } from '../network-policy';
import { compilePolicies } from '../reach/compile';

const LEVEL_LABEL = 'pod-security.kubernetes.io/enforce';

/** What no app can know about the cluster that it is applied to. */
const ALWAYS_UNKNOWN = [
  'NetworkPolicies that other namespaces have: whether a place lets connections in or out is its own matter',
  'roles that are bound outside of this app, to these accounts or to groups that contain them',
  'templates, runs and policies that are made outside of this app',
  'whether the network plugin enforces NetworkPolicies at all',
];

/**
 * The posture of a platform, worked out from what the app emits, not from what was meant.
 *
 * @param emitted Every object of the app, also of other charts.
 * @param topology Who exists, and whom they meet; it names places, and the agents whose pods come later.
 * @param namespaces The platform's namespaces.
 */
export function postureOf(emitted: readonly EmittedObject[], topology: Topology, namespaces: readonly string[]): PostureDocument {
  const { objects, unread } = readable(emitted.flatMap(unpacked));
  const policies = networkPolicies(objects, namespaces);
  const ours = podParties(objects, topology, namespaces);
  // The evaluator says what is wrong with the others.
  const evaluable = policies.filter((policy) => compilePolicies([policy]).findings.length === 0);
  const network = postureFlows(policies, ours, otherPods(objects, topology, namespaces), placeParties(evaluable, topology, ours, namespaces));
  const others = otherPolicies(objects, ours, namespaces);
  const pods = posturePods(objects, namespaces, podSecurityVersion(objects, topology.platform));
  const held = holdersOf(objects, namespaces);
  return {
    schema: POSTURE_SCHEMA,
    platform: topology.platform,
    namespaces: [...namespaces].sort().map((name) => namespaceOf(objects, name)),
    parties: sortedBy([...network.parties, ...others.parties], ({ id }) => id),
    flows: sortedBy([...network.flows, ...others.flows], ({ from }) => from, ({ to }) => to),
    pods,
    accounts: postureAccounts(objects, pods, namespaces),
    credentials: postureCredentials(held),
    egress: postureEgress(held),
    policies: posturePolicies(objects, namespaces),
    waivers: postureWaivers(objects),
    unknown: unique([...ALWAYS_UNKNOWN, ...network.findings, ...others.unknown, ...unread]),
  };
}

/** Policies of other namespaces do not count: whoever runs those knows their pods. */
function networkPolicies(objects: readonly EmittedObject[], namespaces: readonly string[]): EmittedObject[] {
  return objects.filter((object) => isOf(object, 'networking.k8s.io', 'NetworkPolicy') && namespaces.includes(object.metadata.namespace ?? 'default'));
}

function namespaceOf(objects: readonly EmittedObject[], name: string): PostureNamespace {
  const made = objects.find((object) => isOf(object, '', 'Namespace') && object.metadata.name === name);
  const labels = made?.metadata.labels ?? {};
  const level = labels[LEVEL_LABEL];
  const enforces = level === undefined ? {} : { enforces: [level, labels[`${LEVEL_LABEL}-version`] ?? 'latest'].join(' ') };
  return { name, made: made !== undefined, ...enforces };
}

/** The version that the platform's own namespace is pinned to. */
function podSecurityVersion(objects: readonly EmittedObject[], platform: string): string {
  return namespaceOf(objects, platform).enforces?.split(' ')[1] ?? POD_SECURITY_VERSION;
}
