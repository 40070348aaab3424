import { CompiledPolicy } from './compile';
import { ReachProtocol } from './parties';
import { OpenPorts, Rule } from './rule';
import { PORTS } from '../../protocol/ports';
import { FLOWS, PolicyPort, portsOf } from '../flows';
import { PeerRule, Topology } from '../network-policy';

const PROTOCOLS: readonly ReachProtocol[] = ['TCP', 'UDP', 'SCTP'];

/** What nobody meant to open: SSH, a web server, etcd, the kubelet, a NodePort, and the ends of the range. */
const OTHERS = [1, 22, 80, 2379, 10_250, 30_000, 65_535];

/**
 * The ports that a proof asks about: all that anybody names, and the neighbours of each,
 * because a range that is one too wide or too narrow shows there. A set of them is a
 * number with one bit for each, so that sets are compared at once.
 */
export class PortUniverse {
  public readonly all: bigint;
  private readonly asked: { readonly port: number; readonly protocol: ReachProtocol }[];
  private readonly byRule = new WeakMap<Rule, bigint>();

  constructor(topology: Topology, policies: readonly CompiledPolicy[]) {
    const named = [
      ...FLOWS.flatMap(portsOf),
      ...peerRules(topology).flatMap(({ ports }) => ports ?? []),
      ...policies.flatMap(({ rules }) => [...rules.ingress ?? [], ...rules.egress ?? []]).flatMap(({ ports }) => ports ?? []).flatMap(ends),
    ].map(({ port }) => port);
    const numbers = new Set([...OTHERS, ...Object.values(PORTS), ...named.flatMap((port) => [port - 1, port, port + 1])]);
    this.asked = [...numbers].filter((port) => port >= 1 && port <= 65_535).sort((a, b) => a - b)
      .flatMap((port) => PROTOCOLS.map((protocol) => ({ port, protocol })));
    this.all = this.setOf(() => true);
  }

  /** Ports of a row of the flow table. */
  public ofPorts(ports: readonly PolicyPort[]): bigint {
    return this.setOf((one) => ports.some(({ port, protocol }) => port === one.port && protocol === one.protocol));
  }

  /** Ports that a rule opens. A name counts as every port: the receiver chooses which one bears it. */
  public ofRule(rule: Rule): bigint {
    const known = this.byRule.get(rule);
    if (known !== undefined) return known;
    const { ports } = rule;
    const found = ports === undefined ? this.all : this.setOf(({ port, protocol }) => ports.some((open) => open.protocol === protocol
      && (open.name !== undefined || (port >= open.first && port <= open.last))));
    this.byRule.set(rule, found);
    return found;
  }

  /** The first few members of a set, in words. */
  public describe(set: bigint): string {
    const bits = [...set.toString(2)].reverse();
    const open = this.asked.filter((_, index) => bits[index] === '1').map(({ port, protocol }) => `${protocol} ${port}`);
    return open.length > 4 ? `${open.slice(0, 4).join(', ')} and more` : open.join(', ');
  }

  private setOf(belongs: (one: { port: number; protocol: ReachProtocol }) => boolean): bigint {
    const digits = this.asked.map((one) => (belongs(one) ? '1' : '0'));
    return BigInt(`0b${digits.reverse().join('')}`);
  }
}

/** Every rule about a place that a topology has. */
export function peerRules({ places, endpoints }: Topology): PeerRule[] {
  return [...Object.values(places).flatMap((rules) => rules ?? []), ...endpoints.flatMap(({ objectStore }) => objectStore ?? [])];
}

function ends({ first, last }: OpenPorts): { port: number }[] {
  return [{ port: first }, { port: last }];
}
