import { MapEdge, MapGraph, MapNode } from './map-graph';

/** What takes room in a column: a box, or an edge that only passes by. */
export interface Item {
  readonly key: string;
  readonly column: number;
  readonly height: number;
  readonly node?: MapNode;
}

/** An edge with the items that it visits, one for each column. */
export interface Route {
  readonly edge: MapEdge;
  readonly stops: readonly Item[];
}

/** Distance of two numbers inside a box. */
export const SLOT = 16;
const LANE = 4;
const LINE_HEIGHT = 16;
const SWEEPS = 12;

/** Items by column, so that few edges cross, and the way of each edge through them. */
export function orderedItems({ columns, edges }: MapGraph): { readonly items: readonly (readonly Item[])[]; readonly routes: readonly Route[] } {
  const boxes = new Map(columns.flatMap(({ nodes }) => nodes).map((node) => [node, boxOf(node, edges)]));
  const routes = edges.map((edge) => ({ edge, stops: stopsOf(edge, boxes) }));
  const passing = routes.flatMap(({ stops }) => stops.filter(({ node }) => node === undefined));
  const items = columns.map(({ nodes }, column): readonly Item[] => [
    ...nodes.map((node) => boxes.get(node)!), ...passing.filter((item) => item.column === column),
  ]);
  const neighbours = neighboursOf(routes);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const indexes = [...items.keys()];
    for (const column of sweep % 2 === 0 ? indexes : indexes.reverse()) items[column] = byNeighbours(items, column, neighbours);
  }
  return { items, routes };
}

/** High enough for its title and for the numbers on either side. */
function boxOf(node: MapNode, edges: readonly MapEdge[]): Item {
  const leaving = edges.filter(({ from }) => from === node);
  const sides = [0, 1].map((side) => leaving.filter((edge) => sideOf(edge, 'from') === side).length
    + edges.filter((edge) => edge.to === node && sideOf(edge, 'to') === side).length);
  return { key: node.key, column: node.column, node, height: Math.max((node.lines.length + 1) * LINE_HEIGHT + 14, Math.max(...sides) * SLOT + 12) };
}

/** 0: the left side of the box, 1: the right one, where edges within a column turn round. */
export function sideOf({ from, to }: MapEdge, end: 'from' | 'to'): 0 | 1 {
  if (from.column === to.column) return 1;
  return (from.column < to.column) === (end === 'from') ? 1 : 0;
}

function stopsOf(edge: MapEdge, boxes: ReadonlyMap<MapNode, Item>): Item[] {
  const step = Math.sign(edge.to.column - edge.from.column);
  const between: Item[] = [];
  for (let column = edge.from.column + step; column !== edge.to.column && step !== 0; column += step) {
    between.push({ key: `${edge.number} ${column}`, column, height: LANE });
  }
  return [boxes.get(edge.from)!, ...between, boxes.get(edge.to)!];
}

export type Neighbours = ReadonlyMap<Item, readonly Item[]>;

export function neighboursOf(routes: readonly Route[]): Neighbours {
  const found = new Map<Item, Item[]>();
  const add = (item: Item, other: Item) => found.set(item, [...found.get(item) ?? [], other]);
  for (const { stops } of routes) {
    stops.slice(1).forEach((stop, index) => {
      if (stop.column === stops[index].column) return;
      add(stop, stops[index]);
      add(stops[index], stop);
    });
  }
  return found;
}

/** An item without neighbours stays where it is; so does the order of equals. */
function byNeighbours(items: readonly (readonly Item[])[], column: number, neighbours: Neighbours): readonly Item[] {
  const place = new Map(items.flatMap((list) => list.map((item, index): [Item, number] => [item, (index + 0.5) / list.length])));
  const mean = (item: Item) => {
    const near = neighbours.get(item) ?? [];
    return near.length === 0 ? place.get(item)! : near.reduce((sum, other) => sum + place.get(other)!, 0) / near.length;
  };
  return items[column].map((item) => ({ item, at: mean(item) })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}
