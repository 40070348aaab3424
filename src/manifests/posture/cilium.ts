import { EmittedObject, isOf, unique } from './emitted';
import { takes } from './peers';
import { PodParty } from './pod-parties';
import { PostureFlow, PostureParty } from '../../protocol/posture';
import { FLOWS } from '../flows';
import { also, Check, fields, list, map, oneOf, text } from '../reach/shape';

/** Kinds that open or close connections in languages of their own. */
const OTHER_POLICIES = /NetworkPolicy$/;

const PLACE: PostureParty = {
  id: 'place/kube-apiserver', title: 'api-server', kind: 'place', members: [{ peer: 'the entity kube-apiserver of Cilium', except: [] }],
};

/** What CiliumNetworkPolicies of the form that the platform emits open, and which other policies nobody here can read. */
export function otherPolicies(objects: readonly EmittedObject[], pods: readonly PodParty[], namespaces: readonly string[]): {
  readonly flows: readonly PostureFlow[]; readonly parties: readonly PostureParty[]; readonly unknown: readonly string[];
} {
  const others = objects.filter((object) => OTHER_POLICIES.test(object.kind) && !isOf(object, 'networking.k8s.io', 'NetworkPolicy'))
    .filter(({ metadata }) => metadata.namespace === undefined || namespaces.includes(metadata.namespace));
  const flows = others.filter(isApiServerPolicy).flatMap((policy) => pods
    .filter(({ pod }) => pod.namespace === policy.metadata.namespace && takes(policy.spec.endpointSelector.matchLabels, pod.labels))
    .map((from) => flowOf(policy, from)));
  const unknown = others.filter((policy) => !isApiServerPolicy(policy)).map(({ kind, metadata }) => (
    `what ${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name} opens or closes: its language is not evaluated`));
  return { flows, parties: flows.length === 0 ? [] : [PLACE], unknown };
}

/** An empty list of ports would be every port. */
const filled = (check: Check) => also(list(check), (value, path) => ((value as unknown[]).length > 0 ? [] : [`${path} is empty`]));

const API_SERVER_POLICY = fields({
  endpointSelector: fields({ matchLabels: map(text) }, ['matchLabels']),
  egress: list(fields({
    toEntities: filled(oneOf('kube-apiserver')),
    toPorts: filled(fields({ ports: filled(fields({ port: text, protocol: text }, ['port', 'protocol'])) }, ['ports'])),
  }, ['toEntities', 'toPorts'])),
}, ['endpointSelector', 'egress']);

function isApiServerPolicy(policy: EmittedObject): boolean {
  return isOf(policy, 'cilium.io', 'CiliumNetworkPolicy') && API_SERVER_POLICY(policy.spec, 'spec').length === 0;
}

function flowOf({ spec, metadata }: EmittedObject, { party, role }: PodParty): PostureFlow {
  const ports = spec.egress.flatMap(({ toPorts }: any) => toPorts).flatMap((one: any) => one.ports).map(({ port, protocol }: any) => `${protocol} ${port}`);
  return {
    from: party.id,
    to: PLACE.id,
    ports: unique(ports),
    sender: { decision: 'rule', policies: [`${metadata.namespace}/${metadata.name}`] },
    receiver: { decision: 'outside', policies: [] },
    rows: FLOWS.filter((row) => row.from === role && row.to === 'api-server').map(({ id, why }) => ({ id, why })),
  };
}
