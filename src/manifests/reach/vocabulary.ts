import { CompiledPolicy } from './compile';
import { Address, addressesOf, isPod, NamedPort, ReachParty, ReachPod } from './parties';
import { Rule } from './rule';
import { Selector } from './selector';
import { NAMESPACE_NAME_LABEL } from '../../protocol/names';
import { Labels } from '../labels';

/**
 * All that a set of policies speaks of: labels and their values, names of ports, edges of
 * networks. Parties that differ in nothing of that get the same answers, however many they
 * are: a label of which no policy has heard tells nobody apart.
 */
export class Vocabulary {
  private readonly podLabels: Words;
  private readonly namespaceLabels: Words;
  private readonly portNames: ReadonlySet<string>;
  private readonly edges: Readonly<Record<4 | 6, readonly bigint[]>>;

  constructor(policies: readonly CompiledPolicy[]) {
    const rules = policies.flatMap((policy): Rule[] => [...policy.rules.ingress ?? [], ...policy.rules.egress ?? []]);
    const peers = rules.flatMap(({ pods }) => pods ?? []);
    const ranges = rules.flatMap(({ blocks }) => blocks).flatMap(({ range, holes }) => [range, ...holes]);
    const edges = (family: 4 | 6) => ranges.filter((range) => range.family === family).flatMap(({ first, last }) => [first, last + 1n]);
    const sorted = (numbers: readonly bigint[]) => [...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1));
    this.podLabels = wordsOf([...policies, ...peers].map(({ pods }) => pods));
    this.namespaceLabels = wordsOf(peers.flatMap(({ namespace }) => (typeof namespace === 'string' ? [] : namespace)));
    this.portNames = new Set(rules.flatMap(({ ports }) => ports ?? []).flatMap(({ name }) => name ?? []));
    this.edges = { 4: sorted(edges(4)), 6: sorted(edges(6)) };
  }

  /** The same text for pods that no selector tells apart. */
  public ofPod({ namespace, namespaceLabels, labels }: ReachPod): string {
    const place = { ...namespaceLabels, [NAMESPACE_NAME_LABEL]: namespace };
    return JSON.stringify([namespace, spoken(this.namespaceLabels, place), spoken(this.podLabels, labels)]);
  }

  /** The same text for parties that no policy tells apart; their names and nodes are left out. */
  public ofParty(party: ReachParty): string {
    const addresses = addressesOf(party).map((address) => this.ofAddress(address)).join();
    if (!isPod(party)) return `address ${addresses}`;
    const ports = (party.ports ?? []).filter(({ name }) => name !== undefined && this.portNames.has(name)).map(describedPort);
    return `${party.hostNetwork === true ? 'host' : this.ofPod(party)} ${addresses} ${ports.join()}`;
  }

  /** Between which edges an address lies: no network or hole begins or ends in between. */
  private ofAddress({ family, number }: Address): string {
    const edges = this.edges[family];
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (edges[middle] <= number) low = middle + 1;
      else high = middle;
    }
    return `${family}:${low}`;
  }
}

/** Keys that selectors ask for, with the values that they name. */
type Words = ReadonlyMap<string, ReadonlySet<string>>;

function wordsOf(selectors: readonly Selector[]): Words {
  const words = new Map<string, Set<string>>();
  for (const { key, values } of selectors.flatMap(({ requirements }) => requirements)) {
    const known = words.get(key) ?? new Set();
    words.set(key, known);
    for (const value of values) known.add(value);
  }
  return words;
}

/** Labels as selectors see them: a value that none of them names is as good as any other. */
function spoken(words: Words, labels: Readonly<Labels>): [string, string?][] {
  return Object.keys(labels).filter((key) => words.has(key)).sort()
    .map((key) => (words.get(key)!.has(labels[key]) ? [key, labels[key]] : [key]));
}

function describedPort({ name, containerPort, protocol }: NamedPort): string {
  return `${name} ${containerPort} ${protocol ?? 'TCP'}`;
}
