import { ReachParty, ReachPod } from '../../src/manifests/reach';

/* eslint-disable @typescript-eslint/no-explicit-any */

/**
 * NetworkPolicy semantics once more, for comparison: straight from the text of the
 * documentation, on raw JSON, without any preparation, and with addresses as bits of text.
 */
export function slowReach(policies: readonly any[], from: ReachParty, to: ReachParty, port: number, protocol: string): boolean {
  const pairs = listed(from).flatMap((a) => listed(to).map((b) => [a, b] as const)).filter(([a, b]) => !a || !b || a.length === b.length);
  return pairs.some(([source, target]) => (
    passes(policies, 'egress', from, to, target, to, port, protocol) && passes(policies, 'ingress', to, from, source, to, port, protocol)));
}

function listed(party: ReachParty): (string | undefined)[] {
  if ('ip' in party) return [bits(party.ip)];
  return party.ips?.length ? party.ips.map(bits) : [undefined];
}

function passes(
  policies: readonly any[], way: 'ingress' | 'egress', self: ReachParty, peer: ReachParty, address: string | undefined, receiver: ReachParty,
  port: number, protocol: string,
): boolean {
  if (!('namespace' in self) || self.hostNetwork) return true;
  if ('namespace' in peer && self.name && `${self.namespace}/${self.name}` === `${peer.namespace}/${peer.name}`) return true;
  if (('ip' in peer || peer.hostNetwork) && peer.node && peer.node === self.node) return true;
  let isolated = false;
  for (const { metadata, spec } of policies) {
    if ((metadata.namespace ?? 'default') !== self.namespace || !picks(spec.podSelector, self.labels)) continue;
    const types: string[] = spec.policyTypes?.length ? spec.policyTypes : ['Ingress'].concat(spec.egress?.length ? 'Egress' : []);
    if (!types.map((type) => type.toLowerCase()).includes(way)) continue;
    isolated = true;
    for (const rule of spec[way] ?? []) {
      const peers = (way === 'ingress' ? rule.from : rule.to) ?? [];
      const ports = rule.ports ?? [];
      const peerFits = peers.length === 0 || peers.some((one: any) => fits(one, peer, address, metadata.namespace ?? 'default'));
      const portFits = ports.length === 0 || ports.some((one: any) => portOpen(one, receiver, port, protocol));
      if (peerFits && portFits) return true;
    }
  }
  return !isolated;
}

function picks(selector: any, labels: Readonly<Record<string, string>>): boolean {
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) if (labels[key] !== value) return false;
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    const value = labels[key];
    if (operator === 'In' && (value === undefined || !values.includes(value))) return false;
    if (operator === 'NotIn' && value !== undefined && values.includes(value)) return false;
    if (operator === 'Exists' && value === undefined) return false;
    if (operator === 'DoesNotExist' && value !== undefined) return false;
  }
  return true;
}

function fits(peer: any, party: ReachParty, address: string | undefined, namespace: string): boolean {
  if (peer.ipBlock) {
    const inside = (cidr: string) => {
      const [network, length] = cidr.split('/');
      return address !== undefined && bits(network).length === address.length && bits(network).slice(0, +length) === address.slice(0, +length);
    };
    return inside(peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some(inside);
  }
  if (!('namespace' in party) || party.hostNetwork) return false;
  const namespaceLabels = { ...party.namespaceLabels, 'kubernetes.io/metadata.name': party.namespace };
  const there = peer.namespaceSelector ? picks(peer.namespaceSelector, namespaceLabels) : party.namespace === namespace;
  return there && (!peer.podSelector || picks(peer.podSelector, party.labels));
}

function portOpen(rule: any, receiver: ReachParty, port: number, protocol: string): boolean {
  if ((rule.protocol ?? 'TCP') !== protocol) return false;
  if (rule.port === undefined) return true;
  if (typeof rule.port === 'number') return port >= rule.port && port <= (rule.endPort ?? rule.port);
  const ports = (receiver as ReachPod).ports ?? [];
  return ports.some((one) => one.name === rule.port && (one.protocol ?? 'TCP') === protocol && one.containerPort === port);
}

/** 32 or 128 characters of 0 and 1. */
function bits(ip: string): string {
  if (!ip.includes(':')) return ip.split('.').map((part) => (+part).toString(2).padStart(8, '0')).join('');
  const [head, tail] = ip.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = tail === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.map((group) => parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
