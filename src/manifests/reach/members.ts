import { Address, addressOf, PodClass } from './parties';
import { Representative } from './representatives';
import { BlockPeer, matchesBlock, matchesPods, PodsPeer, Rule } from './rule';
import { demanded } from './selector';
import { NAMESPACE_NAME_LABEL } from '../../protocol/names';

/** Finds the parties that a peer means, without asking all of them: by namespace, or by a label that the peer demands. */
export class Members {
  private readonly pods: (PodClass | undefined)[];
  private readonly addresses: [Address, number][];
  private readonly byNamespace = new Map<string, number[]>();
  private readonly byLabel = new Map<string, number[]>();

  constructor(parties: readonly Representative[]) {
    this.pods = parties.map((party) => ('ip' in party ? undefined : party));
    this.addresses = parties.flatMap((party, index): [Address, number][] => ('ip' in party ? [[addressOf(party.ip), index]] : []));
    this.pods.forEach((pod, index) => {
      if (pod === undefined) return;
      put(this.byNamespace, pod.namespace, index);
      for (const [key, value] of Object.entries(pod.labels)) put(this.byLabel, `${key}=${value}`, index);
    });
  }

  /** The places, in the list of parties, of those whom a rule names. Undefined when it names everybody. */
  public of({ pods, blocks }: Rule): number[] | undefined {
    if (pods === undefined) return undefined;
    return [...new Set([...pods.flatMap((peer) => this.ofPods(peer)), ...blocks.flatMap((block) => this.ofBlock(block))])];
  }

  private ofPods(peer: PodsPeer): number[] {
    const candidates = smallest(this.inNamespace(peer), this.withLabel(peer)) ?? [...this.pods.keys()];
    return candidates.filter((index) => {
      const pod = this.pods[index];
      return pod !== undefined && matchesPods(peer, pod);
    });
  }

  private ofBlock(block: BlockPeer): number[] {
    return this.addresses.filter(([address]) => matchesBlock(block, address)).map(([, index]) => index);
  }

  private inNamespace({ namespace }: PodsPeer): number[] | undefined {
    if (typeof namespace === 'string') return this.byNamespace.get(namespace) ?? [];
    const demand = demanded(namespace);
    if (demand?.key !== NAMESPACE_NAME_LABEL) return undefined;
    return lookup(this.byNamespace, [...demand.values]);
  }

  private withLabel({ pods }: PodsPeer): number[] | undefined {
    const demand = demanded(pods);
    return demand && lookup(this.byLabel, [...demand.values].map((value) => `${demand.key}=${value}`));
  }
}

function put(index: Map<string, number[]>, key: string, member: number): void {
  const there = index.get(key);
  if (there === undefined) index.set(key, [member]);
  else there.push(member);
}

/** Almost always one key: its list is long, and stays as it is. */
function lookup(index: ReadonlyMap<string, number[]>, keys: readonly string[]): number[] {
  return keys.length === 1 ? index.get(keys[0]) ?? [] : keys.flatMap((key) => index.get(key) ?? []);
}

function smallest(...lists: (number[] | undefined)[]): number[] | undefined {
  return lists.filter((list) => list !== undefined).sort((a, b) => a.length - b.length)[0];
}
