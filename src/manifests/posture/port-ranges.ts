import { namedPorts, PodParty } from './pod-parties';
import { ReachProtocol } from '../reach';
import { CompiledPolicy } from '../reach/compile';

/** Ports that all policies treat alike: asking about the first is asking about all. */
export interface PortRange {
  readonly protocol: ReachProtocol;
  readonly first: number;
  readonly last: number;
}

const LAST_PORT = 65_535;

/** All ports of all protocols, cut wherever a policy begins or ends to name them. */
export function portRanges(policies: readonly CompiledPolicy[], parties: readonly PodParty[]): PortRange[] {
  const open = policies.flatMap(({ rules }) => [...rules.ingress ?? [], ...rules.egress ?? []]).flatMap(({ ports }) => ports ?? []);
  return (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) => {
    const bounds = open.filter((one) => one.protocol === protocol).flatMap(({ name, first, last }) => (
      name === undefined ? [first, last + 1] : namedPorts(parties, name).flatMap((port) => [port, port + 1])));
    const firsts = [...new Set([1, ...bounds])].filter((port) => port >= 1 && port <= LAST_PORT).sort((a, b) => a - b);
    return firsts.map((first, index) => ({ protocol, first, last: (firsts[index + 1] ?? LAST_PORT + 1) - 1 }));
  });
}

/** Ranges in words, neighbours joined: `TCP 443`, `UDP 1-65535`. */
export function portTexts(ranges: readonly PortRange[]): string[] {
  const joined: PortRange[] = [];
  for (const range of ranges) {
    const before = joined.at(-1);
    if (before?.protocol === range.protocol && before.last + 1 === range.first) {
      joined[joined.length - 1] = { ...before, last: range.last };
    } else {
      joined.push(range);
    }
  }
  return joined.map(({ protocol, first, last }) => `${protocol} ${first === last ? first : `${first}-${last}`}`);
}
