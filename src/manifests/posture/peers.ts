import type { NetworkPolicyPeer } from 'kubernetes-types/networking/v1';
import { unique } from './emitted';
import { NAMESPACE_NAME_LABEL } from '../../protocol/names';
import { PostureParty } from '../../protocol/posture';
import { formatCidr, parseCidr } from '../cidr';
import { ReachParty } from '../reach';
import { BlockPeer, compileRule, PodsPeer } from '../reach/rule';
import { compileSelector, Selector, selects, witnesses } from '../reach/selector';

/** A peer of a policy, as it reads in the namespace of that policy. */
export interface Peer {
  readonly member: PostureParty['members'][number];
  /** One that the peer matches; missing when nothing can match it. */
  readonly example?: ReachParty;
  /** The only namespace where its pods can be, when it names one. */
  readonly namespace?: string;
}

/** A namespace that no platform has. */
export const ELSEWHERE = 'kube-elsewhere';

export function readPeer(peer: NetworkPolicyPeer, policyNamespace: string): Peer {
  const { pods = [], blocks } = compileRule('', policyNamespace, [peer], []);
  if (peer.ipBlock !== undefined && peer.ipBlock !== null) {
    const ip = firstAddress(blocks[0]);
    return { member: { peer: peer.ipBlock.cidr, except: unique(peer.ipBlock.except ?? []) }, ...(ip === undefined ? {} : { example: { ip } }) };
  }
  return { member: { peer: podsText(pods[0]), except: [] }, ...podExample(pods[0]) };
}

/** The first address of a network that is in none of its holes. */
function firstAddress({ range, holes }: BlockPeer): string | undefined {
  let number = range.first;
  for (const hole of [...holes].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    if (number >= hole.first && number <= hole.last) number = hole.last + 1n;
  }
  if (number > range.last) return undefined;
  const text = formatCidr({ family: range.family, address: number, prefix: range.family === 4 ? 32 : 128 });
  // IPv4 inside IPv6 is no address of a connection.
  return parseCidr(text) === undefined ? undefined : text.slice(0, text.indexOf('/'));
}

function podExample({ namespace, pods }: PodsPeer): Pick<Peer, 'example' | 'namespace'> {
  const [labels] = witnesses(pods);
  const [namespaceLabels] = typeof namespace === 'string' ? [{ [NAMESPACE_NAME_LABEL]: namespace }] : witnesses(namespace);
  const only = onlyNamespace(namespace);
  if (labels === undefined || namespaceLabels === undefined) return only === undefined ? {} : { namespace: only };
  const example = { namespace: namespaceLabels[NAMESPACE_NAME_LABEL] ?? ELSEWHERE, namespaceLabels, labels };
  return { example, ...(only === undefined ? {} : { namespace: only }) };
}

function onlyNamespace(namespace: string | Selector): string | undefined {
  if (typeof namespace === 'string') return namespace;
  const named = namespace.requirements.find(({ key, operator, values }) => key === NAMESPACE_NAME_LABEL && operator === 'In' && values.size === 1);
  return named && [...named.values][0];
}

function podsText({ namespace, pods }: PodsPeer): string {
  const which = pods.requirements.length === 0 ? 'all pods' : `pods ${selectorText(pods)}`;
  const only = onlyNamespace(namespace);
  if (only !== undefined) return `${which} in ${only}`;
  const { requirements } = namespace as Selector;
  return requirements.length === 0 ? `${which} in every namespace` : `${which} in namespaces ${selectorText(namespace as Selector)}`;
}

/** A label selector in one line, as `kubectl get --selector` takes it. */
export function selectorText(selector: Selector): string {
  return selector.requirements.map(({ key, operator, values }) => {
    const all = [...values].sort();
    switch (operator) {
      case 'In': return all.length === 1 ? `${key}=${all[0]}` : `${key} in (${all.join(',')})`;
      case 'NotIn': return `${key} notin (${all.join(',')})`;
      case 'Exists': return key;
      default: return `!${key}`;
    }
  }).sort().join(',');
}

/** Whether a selector of labels by equality takes these labels; Cilium has the same form. */
export function takes(matchLabels: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return selects(compileSelector({ matchLabels: { ...matchLabels } }), labels);
}
