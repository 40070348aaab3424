import { PostureParty } from '../../../protocol/posture';

/** What fits into a box in the widest of usual fonts. */
const LINE = 15;
const MAX_LINES = 3;

/** A title in lines that fit, broken after blanks and dashes where there are some. The box says the whole title too. */
export function wrapped(title: string): string[] {
  const lines: string[] = [];
  for (const word of title.match(/[^\s-]*-|\S+|\s+/g) ?? []) {
    for (let rest = word; rest !== ''; rest = rest.slice(LINE)) {
      const piece = rest.slice(0, LINE);
      const last = lines.at(-1);
      if (last !== undefined && (last + piece).trimEnd().length <= LINE) lines[lines.length - 1] = last + piece;
      else if (piece.trim() !== '') lines.push(piece);
    }
  }
  const trimmed = lines.map((line) => line.trim());
  return trimmed.length <= MAX_LINES ? trimmed : [...trimmed.slice(0, MAX_LINES - 1), `${trimmed[MAX_LINES - 1].slice(0, LINE - 1)}…`];
}

/** Parts of a cluster that are named by address; everything else with an address is somewhere else. */
const INSIDE = ['place/api-server', 'place/dns', 'place/kube-apiserver'];

/** Whether connections to a party go to addresses outside of the cluster. */
export function leavesCluster({ id, kind, members }: PostureParty): boolean {
  return kind === 'place' && !INSIDE.includes(id) && members.some(({ peer }) => peer === 'every address' || /^[0-9a-f.:]+\/\d+$/.test(peer));
}
