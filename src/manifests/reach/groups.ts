import { isPod, PodClass, ReachParty, ReachPod } from './parties';
import { Vocabulary } from './vocabulary';
import { NAMESPACE_NAME_LABEL } from '../../protocol/names';

/** One object for each class of pods, so that answers about a class are found again. */
export class PodClasses {
  private readonly byText = new Map<string, PodClass>();
  private readonly byPod = new WeakMap<ReachPod, PodClass>();

  constructor(private readonly vocabulary: Vocabulary) {}

  /** Undefined for whatever no selector matches. */
  public of(party: ReachParty): PodClass | undefined {
    if (!isPod(party) || party.hostNetwork === true) return undefined;
    const known = this.byPod.get(party);
    if (known !== undefined) return known;
    const { namespace, labels } = party;
    const key = this.vocabulary.ofPod(party);
    const found = this.byText.get(key) ?? { namespace, namespaceLabels: { ...party.namespaceLabels, [NAMESPACE_NAME_LABEL]: namespace }, labels };
    this.byText.set(key, found);
    this.byPod.set(party, found);
    return found;
  }
}

/** Parties that no policy tells apart. */
export interface ReachGroup {
  readonly members: readonly ReachParty[];
  /** One that stands for all of them: without name and node, which belong to single pods. */
  readonly example: ReachParty;
}

/** One look at each party. */
export function groupsOf(parties: readonly ReachParty[], vocabulary: Vocabulary): ReachGroup[] {
  const groups = new Map<string, ReachParty[]>();
  for (const party of parties) {
    const key = vocabulary.ofParty(party);
    const there = groups.get(key);
    if (there === undefined) groups.set(key, [party]);
    else there.push(party);
  }
  return [...groups.values()].map((members) => ({ members, example: exampleOf(members[0]) }));
}

function exampleOf(party: ReachParty): ReachParty {
  if (!isPod(party)) return { ip: party.ip };
  const { namespace, namespaceLabels, labels, hostNetwork, ips, ports } = party;
  return { namespace, namespaceLabels, labels, hostNetwork, ips, ports };
}
