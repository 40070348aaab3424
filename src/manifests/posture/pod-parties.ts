import { EmittedObject, unique } from './emitted';
import { LABELS } from '../../protocol/names';
import { PostureParty } from '../../protocol/posture';
import { objectLabels, podLabels } from '../labels';
import { Endpoint, Topology } from '../network-policy';
import { podsIn } from '../pod-security/pods-in';
import { ReachPod } from '../reach';

/** A node of the map whose pods are known: those of one workload, or those that the operator will make. */
export interface PodParty {
  readonly party: PostureParty;
  readonly pod: ReachPod;
  /** What the flow table calls it; missing for pods of others. */
  readonly role?: string;
  /** Whether they only stand in for pods of the role while the network is tried. */
  readonly standsIn: boolean;
}

/** Everything that runs, or will run, in the platform's namespaces. */
export function podParties(objects: readonly EmittedObject[], topology: Topology, namespaces: readonly string[]): PodParty[] {
  const labelsOf = namespaceLabels(objects, topology.platform);
  const emitted = objects
    .filter(({ metadata }) => metadata.namespace !== undefined && namespaces.includes(metadata.namespace))
    .flatMap((object) => podsIn(object).map(({ pod }) => ofWorkload(object, pod, topology, labelsOf)));
  const future = topology.endpoints
    .filter((endpoint) => !emitted.some(({ pod, standsIn }) => !standsIn && isEndpoint(endpoint, pod)))
    .map((endpoint) => ofEndpoint(endpoint, topology.platform, labelsOf));
  return [...emitted, ...future];
}

/** Of each namespace the pods that nobody thought of: only the policies for all pods are theirs. */
export function otherPods(objects: readonly EmittedObject[], topology: Topology, namespaces: readonly string[]): PodParty[] {
  const labelsOf = namespaceLabels(objects, topology.platform);
  return namespaces.map((namespace): PodParty => ({
    standsIn: false,
    pod: { namespace, namespaceLabels: labelsOf(namespace), labels: {} },
    party: { id: `${namespace}/any other pod`, title: 'any other pod', kind: 'foreign', namespace, members: [] },
  }));
}

type LabelsOf = (namespace: string) => Record<string, string>;

function namespaceLabels(objects: readonly EmittedObject[], platform: string): LabelsOf {
  return (namespace) => {
    const made = objects.find(({ apiVersion, kind, metadata }) => apiVersion === 'v1' && kind === 'Namespace' && metadata.name === namespace);
    return { ...(made === undefined ? objectLabels(platform, 'namespaces') : made.metadata.labels) };
  };
}

function ofWorkload(object: EmittedObject, pod: any, topology: Topology, labelsOf: LabelsOf): PodParty {
  const namespace = object.metadata.namespace!;
  const reached: ReachPod = {
    namespace,
    namespaceLabels: labelsOf(namespace),
    labels: { ...pod.metadata?.labels },
    hostNetwork: pod.spec?.hostNetwork === true,
    ports: (pod.spec?.containers ?? []).flatMap((container: any) => container.ports ?? []),
  };
  const endpoint = topology.endpoints.find((one) => isEndpoint(one, reached));
  const workload = `${object.kind} ${object.metadata.name}`;
  const standsIn = endpoint !== undefined && endpoint.role !== 'probe' && reached.labels[LABELS.probe] === 'true';
  return {
    pod: reached,
    role: endpoint?.role,
    standsIn,
    party: {
      id: `${namespace}/${workload}`,
      title: endpoint === undefined ? workload : `${standsIn ? 'stand-in for ' : ''}${titleOf(endpoint)}`,
      kind: endpoint === undefined ? 'foreign' : kindOf(endpoint),
      ...(endpoint === undefined ? {} : { role: endpoint.role }),
      namespace,
      members: [],
    },
  };
}

function ofEndpoint(endpoint: Endpoint, platform: string, labelsOf: LabelsOf): PodParty {
  const { role, namespace, pool } = endpoint;
  return {
    role,
    standsIn: false,
    pod: { namespace, namespaceLabels: labelsOf(namespace), labels: podLabels(platform, role === 'agent' ? 'runs' : 'workers', role, pool) },
    party: { id: [namespace, role, ...(pool === undefined ? [] : [pool])].join('/'), title: titleOf(endpoint), kind: kindOf(endpoint), role, namespace, members: [] },
  };
}

function isEndpoint({ role, namespace, pool }: Endpoint, pod: ReachPod): boolean {
  return pod.namespace === namespace && pod.labels[LABELS.role] === role && (pool === undefined || pod.labels[LABELS.pool] === pool);
}

function kindOf({ role }: Endpoint): PostureParty['kind'] {
  if (role === 'session') return 'workers';
  return role === 'agent' ? 'agents' : 'part';
}

function titleOf({ role, pool }: Endpoint): string {
  if (role === 'agent') return 'agents of runs';
  return pool === undefined ? role : `${role === 'session' ? 'pool' : role} ${pool}`;
}

/** Names of the ports that the parties declare, with their numbers. */
export function namedPorts(parties: readonly PodParty[], name: string): number[] {
  return unique(parties.flatMap(({ pod }) => (pod.ports ?? []).filter((port) => port.name === name).map(({ containerPort }) => `${containerPort}`))).map(Number);
}
