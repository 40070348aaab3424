import { wrapped } from './map-words';
import { PostureDocument, PostureParty } from '../../../protocol/posture';
import { compare } from '../emitted';

/** A box of the map. A place that both calls and is called has one on each side. */
export interface MapNode {
  readonly key: string;
  readonly party: PostureParty;
  readonly column: number;
  readonly lines: readonly string[];
}

/** A flow between two boxes; `number` is its row in the table of flows. */
export interface MapEdge {
  readonly number: number;
  readonly from: MapNode;
  readonly to: MapNode;
}

export interface MapGraph {
  /** Boxes by column, from those who call to the places that are called. Empty columns are left out. */
  readonly columns: readonly { readonly title: string; readonly nodes: readonly MapNode[] }[];
  readonly edges: readonly MapEdge[];
}

const COLUMNS = ['calls in', 'parts', 'agents and workers', 'broker and way out', 'is called'] as const;
const LAST = COLUMNS.length - 1;

/** Roles of the way out of agents; all other parts stand before the agents. */
const WAYS_OUT: readonly string[] = ['broker', 'egress'];

/** Puts parties into columns, so that most flows go from left to right. */
export function mapGraph({ parties, flows }: PostureDocument): MapGraph {
  const callers = new Set(flows.map(({ from }) => from));
  const called = new Set(flows.map(({ to }) => to));
  const placed = parties.flatMap((party) => columnsOf(party, callers, called).map((column): [PostureParty, number] => [party, column]));
  const used = [...new Set(placed.map(([, column]) => column))].sort((a, b) => a - b);
  const nodes = placed.map(([party, column]): MapNode => ({
    key: `${party.id} ${COLUMNS[column]}`, party, column: used.indexOf(column), lines: wrapped(party.title),
  }));
  const find = (id: string, first: boolean) => {
    const mine = nodes.filter(({ party }) => party.id === id).sort((a, b) => a.column - b.column);
    return first ? mine[0] : mine[mine.length - 1];
  };
  return {
    columns: used.map((column, index) => ({
      title: COLUMNS[column], nodes: nodes.filter((node) => node.column === index).sort((a, b) => compare(sortKey(a), sortKey(b))),
    })),
    edges: flows.map(({ from, to }, index) => ({ number: index + 1, from: find(from, true), to: find(to, false) })),
  };
}

function columnsOf({ id, kind, role }: PostureParty, callers: ReadonlySet<string>, called: ReadonlySet<string>): number[] {
  if (kind === 'place') return [...(callers.has(id) ? [0] : []), ...(called.has(id) ? [LAST] : [])];
  if (kind !== 'part') return [2];
  return [WAYS_OUT.includes(role ?? '') ? 3 : 1];
}

function sortKey({ party }: MapNode): string {
  return `${party.namespace ?? ''} ${party.kind} ${party.title}`;
}
